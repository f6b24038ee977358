import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Patch,
  Post,
  Query,
  SetMetadata,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { AuditRecorder } from '../src/audit/audit.recorder.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { JsonBytes } from '../src/http/answer.js';
import { FreeForm, IdList, Int, Nested, NestedList, OneOf, RawList, Text } from '../src/http/fields.js';
import { NotStored } from '../src/http/idempotency.js';
import { IfMatch } from '../src/http/if-match.js';
import { Operation } from '../src/http/operation.js';
import { PageQuery, positionOf, toPage } from '../src/http/paging.js';
import { declareConstraint, Problem } from '../src/http/problem.js';
import { PUBLIC } from '../src/http/public.js';
import { IdParam } from '../src/http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../src/http/viewer.js';

export const tenantId = '0197a000-0000-7000-8000-000000000001';
export const userId = '0197a000-0000-7000-8000-000000000002';

export const testConfig = (environment: Record<string, string> = {}): ReturnType<typeof readConfig> =>
  readConfig({ NODE_ENV: 'test', LOG_LEVEL: 'silent', REQUEST_TIMEOUT_SECONDS: '1', ...environment });

class Item {
  @Int({ min: 0, max: 10, description: 'How many' })
  count: number;
}

class ProbeBody {
  @Text({ max: 20, description: 'A name' })
  name: string;

  @Nested(() => Item, { optional: true, description: 'An item' })
  item?: Item;

  @NestedList(() => Item, { max: 3, optional: true, description: 'Items' })
  items?: Item[];

  @RawList(() => Item, { max: 1_000, optional: true, description: 'Items the route checks' })
  raw?: unknown[];

  @FreeForm({ maxBytes: 1_000, optional: true, nullable: true, description: 'Anything' })
  extra?: object | null;
}

class ProbeQuery extends PageQuery {
  @OneOf(['up', 'down'], { optional: true, description: 'Order' })
  sort?: string;

  @IdList({ max: 2, optional: true, description: 'Only these' })
  ids?: string[];
}

declareConstraint('probes__name_key', { status: 409, code: 'name_taken', pointer: '/name', detail: 'Taken.' });

// public for the application's own guard only: the one below stands in for it
@SetMetadata(PUBLIC, true)
@Controller('probes')
export class ProbeController {
  executions = 0;
  readonly big = new JsonBytes(Buffer.from(JSON.stringify({ text: 'word '.repeat(1_000) })));

  constructor(
    private readonly database: Database,
    private readonly audit: AuditRecorder,
  ) {}

  @Get()
  @Operation({ summary: 'List numbers' })
  list(@Query() query: ProbeQuery): object {
    const listing = { scope: ['probes', query.sort], keys: ['number'] } as const;
    const position = positionOf(query, listing);
    const from = position.after ? Number(position.after[0]) + 1 : position.offset;
    const rows = Array.from({ length: Math.min(position.limit + 1, 50 - from) }, (_, index) => from + index);
    return toPage(rows, position, { listing, keysOf: (row) => [row], total: position.page ? 50 : undefined });
  }

  @Get('bytes')
  @Operation({ summary: 'Ready bytes' })
  bytes(): JsonBytes {
    return this.big;
  }

  @Get('versioned')
  @Operation({ summary: 'A versioned row' })
  versioned(): object {
    return { version: 3, name: 'x' };
  }

  @Patch('versioned')
  @Operation({ summary: 'Change it' })
  change(@IfMatch() version: number | undefined): object {
    if (version !== undefined && version !== 3) throw Problem.versionMismatch();
    return { version: 4 };
  }

  @Get('bug')
  @Operation({ summary: 'A bug' })
  bug(): never {
    throw new Error('secret-inside');
  }

  @Get('slow')
  @Operation({ summary: 'Too slow' })
  async slow(): Promise<object> {
    await sleep(1_500);
    return { late: true };
  }

  @Get('patient')
  @RouteConfig({ deadlineSeconds: 10 })
  @Operation({ summary: 'Slow, and allowed to be' })
  async patient(): Promise<object> {
    await sleep(1_200);
    return { late: false };
  }

  @Get(':id')
  @Operation({ summary: 'One', errors: [404] })
  one(@IdParam() id: string): object {
    return { id };
  }

  @Post()
  @Operation({ summary: 'Create', status: 201 })
  async create(@Body() body: ProbeBody, @CurrentViewer() viewer: Viewer): Promise<object> {
    const execution = ++this.executions;
    if (body.name === 'taken') await this.violate();
    if (body.name === 'bug') throw new Error('secret-inside');
    await sleep(body.name === 'slow' ? 1_200 : 50);
    await this.audit.record(viewer, { action: 'probe.created', targetType: 'probe', after: { name: body.name } });
    return { execution, body };
  }

  @Post('secret')
  @NotStored()
  @Operation({ summary: 'A secret' })
  secret(): object {
    return { execution: ++this.executions };
  }

  private async violate(): Promise<void> {
    await this.database.run(`-- probes.violate
      with _ as (select 1) insert into probes (name) values ('a'), ('a')`);
  }
}

/** Stands in for authentication: `x-user` is the viewer's id. */
@Injectable()
class ProbeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const id = request.headers['x-user'];
    if (id === 'nobody') return false;
    request.viewer =
      id === 'anonymous' ? undefined : { tenantId, userId: String(id ?? userId), role: 'admin', departmentId: null };
    return true;
  }
}

@Module({
  controllers: [ProbeController],
  providers: [{ provide: APP_GUARD, useClass: ProbeGuard }],
})
export class ProbeModule {}
