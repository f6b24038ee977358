import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { createApp } from '../src/app.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { Operation } from '../src/http/operation.js';
import { createAdmin, createTenant } from '../test/factories.js';
import { noLimits } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What authentication and authorisation add to a request: the same handler behind the guard and without it, asked in
 * turns over one connection each, so that whatever else the machine does hits both. Fails when reads pay more than the
 * limit.
 */
const limitMs = 0.3;
const { values: options } = parseArgs({ options: { pairs: { type: 'string', default: '5000' } } });
const pairs = Number(options.pairs);

const answer = { status: 'inactive', total: 17 };

@Controller('bench')
class BenchController {
  @Get('open')
  @Operation({ summary: 'Without', public: true })
  open(): object {
    return answer;
  }

  @Get('guarded')
  @Operation({ summary: 'With', permission: 'students:read' })
  guarded(): object {
    return answer;
  }

  @Post('open')
  @Operation({ summary: 'Without', public: true })
  writeOpen(): object {
    return answer;
  }

  @Post('guarded')
  @Operation({ summary: 'With', permission: 'students:write' })
  writeGuarded(): object {
    return answer;
  }
}

@Module({ controllers: [BenchController] })
class BenchModule {}

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, ...noLimits, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 4, pooler: false, applicationName: 'bench' },
  console.log,
);
const database = new Database(source, { prepared: false });
const app = await createApp(config, { source, extra: [BenchModule], listen: true });
const port = Number(new URL(await app.getUrl()).port);
const admin = await createAdmin(database, await createTenant(database, { slug: `bench-${Date.now()}` }), {
  email: 'bench@example.org',
});
const sign = (): string => `Bearer ${app.get(TokensService).sign(admin, { kind: 'identity' }, 86_400)}`;

const agents = {
  open: new Agent({ keepAlive: true, maxSockets: 1 }),
  guarded: new Agent({ keepAlive: true, maxSockets: 1 }),
};

/** @returns milliseconds until the answer has been read */
async function ask(route: 'open' | 'guarded', method: string, authorization: string): Promise<number> {
  const began = performance.now();
  const asked = request({
    port,
    agent: agents[route],
    method,
    path: `/api/v1/bench/${route}`,
    headers: { authorization },
  });
  asked.end();
  const [reply] = (await once(asked, 'response')) as [IncomingMessage];
  reply.resume();
  await once(reply, 'end');
  if (reply.statusCode !== 200) throw new Error(`${method} ${route} answered ${reply.statusCode}`);
  return performance.now() - began;
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

interface Compared {
  readonly 'without, ms': number;
  readonly 'with, ms': number;
  /** The median of the differences of the pairs. */
  readonly 'added, ms': number;
}

async function compare(method: string, authorizationOf: (pair: number) => string): Promise<Compared> {
  const open: number[] = [], guarded: number[] = [], added: number[] = []; // prettier-ignore
  for (let pair = -500; pair < pairs; pair++) {
    const authorization = authorizationOf(pair);
    // whoever comes second finds caches warm, so each is first half of the time
    const order = pair % 2 === 0 ? (['open', 'guarded'] as const) : (['guarded', 'open'] as const);
    const times = { open: 0, guarded: 0 };
    for (const route of order) times[route] = await ask(route, method, authorization);
    if (pair < 0) continue; // warming up
    open.push(times.open);
    guarded.push(times.guarded);
    added.push(times.guarded - times.open);
  }
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  const [without, with_] = [rounded(median(open)), rounded(median(guarded))];
  return { 'without, ms': without, 'with, ms': with_, 'added, ms': rounded(median(added)) };
}

const known = sign();
const fresh = Array.from({ length: pairs + 500 }, sign);
const results = {
  'read, token known': await compare('GET', () => known),
  'read, token seen first': await compare('GET', (pair) => fresh[pair + 500]!),
  write: await compare('POST', () => known),
};
console.table(results);
for (const agent of Object.values(agents)) agent.destroy();
await app.close();
await source.destroy();
await server.stop();
const reads = [results['read, token known'], results['read, token seen first']];
const isWithin = reads.every((read) => read['added, ms'] < limitMs);
console.log(`${pairs} pairs each, p50; reads are ${isWithin ? '' : 'NOT '}within ${limitMs} ms`);
process.exitCode = isWithin ? 0 : 1;
