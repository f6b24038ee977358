import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { keptLevels, SystemLogEntry, SystemLogsQuery } from './system-logs.dto.js';
import { type LineFilter, SystemLogsRepository } from './system-logs.repository.js';

@ApiTags('installation')
@Controller('system-logs')
export class SystemLogsController {
  constructor(private readonly logs: SystemLogsRepository) {}

  @Get()
  @Operation({
    summary: 'Search warnings and errors, the latest first',
    description:
      'Of all processes, a second after they were written. Addresses, telephone numbers, tokens and values of queries are ' +
      'masked.',
    permission: 'logs:read',
    answer: SystemLogEntry,
    shape: 'page',
  })
  async list(@Query() query: SystemLogsQuery): Promise<Page<SystemLogEntry>> {
    const { level, category, from, to, requestId, traceId, code, text } = query;
    const filter: LineFilter = {
      levels: level ? keptLevels.slice(keptLevels.indexOf(level)) : null,
      category: category ?? null,
      from: from ?? null,
      to: to ?? null,
      requestId: requestId ?? null,
      traceId: traceId ?? null,
      code: code ?? null,
      text: text ?? null,
    };
    const listing = { scope: ['system logs', filter], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const { limit, offset, after } = position;
    const before = after ? ([after[0], after[1]] as const) : null;
    const rows = await this.logs.list(filter, { limit: limit + 1, offset, after: before });
    return toPage(rows, position, { listing, keysOf: ({ at, id }) => [at, id] });
  }
}
