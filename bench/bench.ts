import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { keyFileOf } from '../src/auth/key-file.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { connect, openServer } from '../src/database/open.js';
import { Database } from '../src/database/database.js';
import { decodeCursor } from '../src/http/paging.js';
import type { Viewer } from '../src/http/viewer.js';
import { ServicesService } from '../src/services/services.service.js';
import { ingestionScripts, sessionBodies } from './ingestion.js';
import { type Call, load, type Rate, type Server, startApi, startPeer } from './load.js';
import { pgbench, scriptOf } from './pgbench.js';
import { findPopulation, type Scenario, scenariosOf } from './scenarios.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What the API reaches beside its limits, in one run: node:http with the same statements, Fastify with the same bytes,
 * pgbench with the same statements where it is installed. Each figure is the median of the rounds, which take turns,
 * since machines change their speed; ratios are what counts.
 */
const { values: options } = parseArgs({
  options: {
    instructors: { type: 'string', default: '100' },
    students: { type: 'string', default: '1000' },
    days: { type: 'string', default: '90' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const connections = Number(options.connections);
/** Writers that do not wait for each other's answers only show the length of the queue: this is what a class makes. */
const pace = 500;

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 4, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 },
  console.log,
);
const database = new Database(source, { prepared: false });
let population = await findPopulation(database);
if (!population) {
  const size = ['instructors', 'students', 'days'].flatMap((name) => [`--${name}`, options[name as 'days']]);
  const run = spawnSync('node', ['dist/src/imports/seed.command.js', ...size], {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: server.url, DATABASE_OWNER_URL: server.ownerUrl, DATA_DIR: dataDir },
  });
  if (run.status !== 0) throw new Error('the generator failed');
  await source.query('vacuum analyze');
  population = await findPopulation(database);
}
const { instructors, admin } = population!;
const app = await createApp({ ...config, logLevel: 'silent' }, { source });
/** As of another identity provider: no rows have to be there for it. */
const sign = (viewer: Viewer): string => `Bearer ${app.get(TokensService).sign(viewer, { kind: 'identity' }, 86_400)}`;
const tokens = new Map<string, string>();
const authorization = (viewer: Viewer): string => {
  const key = `${viewer.role} ${viewer.userId}`;
  if (!tokens.has(key)) tokens.set(key, sign(viewer));
  return tokens.get(key)!;
};

const [postmaster] = await database.many<{ pid: number }>(
  `-- bench.postmaster
  select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer as pid`,
);
// as in a server that has been up for a while
await source.query('create extension if not exists pg_prewarm');
await source.query(
  `select sum(pg_prewarm(oid::regclass)) from pg_class
  where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace`,
);
const environment = {
  DATABASE_URL: server.url,
  DATABASE_OWNER_URL: server.ownerUrl,
  DATA_DIR: dataDir,
  JWT_KEYS_FILE: keyFileOf(config),
  LOG_LEVEL: 'info',
};
const uncached = await startApi({ ...environment, CACHE: 'off' });
const cached = await startApi({ ...environment, CACHE: 'memory' });

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const callsOf = ({ paths }: Scenario, headers: Record<string, string> = {}): Call[] =>
  paths.map(({ viewer, path }) => ({
    path: `/api/v1${path}`,
    headers: { authorization: authorization(viewer), ...headers },
  }));
const through = ({ url, pid }: Server, calls: readonly Call[], rate?: number): Promise<Rate> =>
  load(url, calls, { connections, seconds, server: pid, postmaster: postmaster!.pid, rate });
const middle = (rates: readonly Rate[]): Rate => ({
  perSecond: median(rates.map(({ perSecond }) => perSecond)),
  p50Ms: median(rates.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(rates.map(({ p99Ms }) => p99Ms)),
  cpu: rates[0]!.cpu && {
    server: median(rates.map(({ cpu }) => cpu!.server)),
    database: median(rates.map(({ cpu }) => cpu!.database)),
  },
  failures: rates.reduce((sum, { failures }) => sum + failures, 0),
});
const ratio = (a: number, b: number | undefined): string => (b ? (a / b).toFixed(2) : '–');
const whole = (value: number | undefined): string =>
  value === undefined ? '–' : Math.round(value).toLocaleString('en');

/** Server + PostgreSQL, per request or, of a batch, per item. */
const spent = ({ cpu }: Rate, items = 1): string =>
  cpu ? `${whole(cpu.server / items)}+${whole(cpu.database / items)}` : '–';

async function read(scenario: Scenario): Promise<Record<string, string>> {
  const calls = callsOf(scenario);
  const response = await fetch(`${cached.url}${calls[0]!.path}`, { headers: calls[0]!.headers });
  const body = await response.text();
  if (!response.ok) throw new Error(`${scenario.name}: ${body}`);
  const pg = await startPeer({ kind: 'statements', databaseUrl: server.url, calls: scenario.statements });
  const bare = await startPeer({ kind: 'bytes', body });
  const conditional = callsOf(scenario, { 'if-none-match': response.headers.get('etag')! }).slice(0, 1);
  const ours: Rate[] = [], peer: Rate[] = [], hits: Rate[] = [], bytes: Rate[] = [], unchanged: Rate[] = []; // prettier-ignore
  for (let round = 0; round < rounds; round++) {
    ours.push(await through(uncached, calls));
    peer.push(
      await through(
        pg,
        scenario.statements.map((_, index) => ({ path: `/${index}` })),
      ),
    );
    hits.push(await through(cached, calls));
    bytes.push(await through(bare, calls));
    unchanged.push(await through(cached, Array<Call>(connections).fill(conditional[0]!)));
  }
  pg.stop();
  bare.stop();
  const limit = pgbench(server.url, scenario.statements.slice(0, 10).map(scriptOf), { connections: 20, seconds });
  const [a, b, c, d, e] = [ours, peer, hits, bytes, unchanged].map(middle) as [Rate, Rate, Rate, Rate, Rate];
  return {
    scenario: scenario.name,
    'ours/s': whole(a.perSecond),
    'p99 ms': whole(a.p99Ms),
    'http+pg/s': whole(b.perSecond),
    ratio: ratio(a.perSecond, b.perSecond),
    'CPU µs': `${spent(a)} / ${spent(b)}`,
    'pgbench/s': whole(limit),
    'cached/s': whole(c.perSecond),
    'bare/s': whole(d.perSecond),
    'ratio ': ratio(c.perSecond, d.perSecond),
    '304/s': whole(e.perSecond),
    bytes: whole(Buffer.byteLength(body)),
    failed: whole(a.failures + b.failures + c.failures + d.failures + e.failures),
  };
}

async function write(): Promise<Record<string, string>[]> {
  const services = app.get(ServicesService, { strict: false });
  const actor = { tenantId: population!.tenantId, userId: null, role: 'service' } as const;
  const name = `bench ${new Date().toISOString()}`;
  const { id } = await services.create(actor, { name, scopes: ['sessions:write'] });
  const { key } = await services.createKey(actor, id, {});
  const headers = { authorization: `Bearer ${key}` };
  const path = '/api/v1/activity/sessions';
  const post = (size: number): Call => ({ method: 'POST', path, headers, body: sessionBodies(population!, size) });
  const single: Rate[] = [], paced: Rate[] = [], batch: Rate[] = []; // prettier-ignore
  const limits: (number | undefined)[] = [];
  const writers = Array.from({ length: 50 }, () => post(1));
  const scripts = await ingestionScripts(population!, source);
  for (let round = 0; round < rounds; round++) {
    single.push(await through(uncached, writers));
    paced.push(await through(uncached, writers, pace));
    limits.push(pgbench(server.url, scripts, { connections: 50, seconds }));
    batch.push(await through(uncached, [post(1_000), post(1_000)]));
  }
  const [one, calm, thousand] = [middle(single), middle(paced), middle(batch)];
  const limit = limits[0] === undefined ? undefined : median(limits as number[]);
  return [
    {
      scenario: 'one session, 50 writers',
      'sessions/s': whole(one.perSecond),
      'p50 ms': whole(one.p50Ms),
      'p99 ms': whole(one.p99Ms),
      'CPU µs': spent(one),
      'pgbench/s': whole(limit),
      ratio: ratio(one.perSecond, limit),
      failed: whole(one.failures),
    },
    {
      scenario: `one session, 50 writers, ${pace}/s in all`,
      'sessions/s': whole(calm.perSecond),
      'p50 ms': whole(calm.p50Ms),
      'p99 ms': whole(calm.p99Ms),
      'CPU µs': spent(calm),
      'pgbench/s': '–',
      ratio: '–',
      failed: whole(calm.failures),
    },
    {
      scenario: '1,000 sessions, 2 writers',
      'sessions/s': whole(thousand.perSecond * 1_000),
      'p50 ms': whole(thousand.p50Ms),
      'p99 ms': whole(thousand.p99Ms),
      'CPU µs': spent(thousand, 1_000),
      'pgbench/s': '–',
      ratio: '–',
      failed: whole(thousand.failures),
    },
  ];
}

/** A table in Markdown. */
function print(rows: readonly Record<string, string>[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const names = Object.keys(rows[0]!);
  const body = rows.map((row) => line(names.map((name) => row[name]!)));
  console.log(['', line(names), line(names.map(() => '---')), ...body].join('\n'));
}

/** The last cursor before row 80,000, or before the end of a smaller list. */
async function deepCursor(): Promise<{ cursor: string; after: (string | number | null)[] }> {
  let cursor = '';
  for (let row = 0; row < 80_000; row += 100) {
    const url = `${uncached.url}/api/v1/students?limit=100${cursor && `&cursor=${cursor}`}`;
    const page = await fetch(url, { headers: { authorization: authorization(admin) } });
    const { pagination } = (await page.json()) as { pagination: { nextCursor?: string } };
    if (!pagination.nextCursor) break;
    cursor = pagination.nextCursor;
  }
  const scope = [`${admin.tenantId} tenant `, {}, 'name', 'asc'];
  return { cursor, after: [...decodeCursor(cursor, { scope, keys: ['text', 'id'] })] as (string | number | null)[] };
}

try {
  const only = options.only?.split(',');
  const scenarios = await scenariosOf(population!, await deepCursor());
  const reads: Record<string, string>[] = [];
  for (const scenario of scenarios) {
    if (!only || only.some((part) => scenario.name.includes(part))) reads.push(await read(scenario));
  }
  console.log(
    `\n${instructors.length} instructors, ${connections} connections, medians of ${rounds} rounds of ${seconds} s`,
  );
  if (reads.length > 0) print(reads);
  if (!only || only.includes('sessions')) print(await write());
} finally {
  uncached.stop();
  cached.stop();
  await app.close();
  await source.destroy();
  await server.stop();
}
