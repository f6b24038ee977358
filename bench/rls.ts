import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { keyFileOf } from '../src/auth/key-file.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { ServicesService } from '../src/services/services.service.js';
import { StudentListRepository } from '../src/students/student-list.repository.js';
import { tenantTables } from '../test/tenancy.js';
import { ingestionScripts, sessionBodies } from './ingestion.js';
import { type Call, load, type Server, startApi, type Statement } from './load.js';
import { pgbench, scriptOf } from './pgbench.js';
import { findPopulation, scenariosOf } from './scenarios.js';

/**
 * What row-level security would cost, on the database that `npm run bench` has filled: three roles that own nothing ask
 * the same, one past all policies, one under them, one under policies that let through what names no tenant. First the
 * statements alone in pgbench, the tenant being set for the role; then the API, with the ways to name the tenant. All
 * take turns; each figure is the median of the ratios of the rounds. Afterwards roles and policies are taken away.
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const connections = Number(options.connections);
const roles = ['bench_past', 'bench_under', 'bench_lax'] as const;

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
const server = await openServer(config, console.log);
const own = { poolSize: 4, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 };
const source = await connect({ ...own, url: server.ownerUrl }, console.log);
const run = (sql: string): Promise<unknown> => source.query(sql);
const population = await findPopulation(new Database(source, { prepared: false }));
if (!population) throw new Error('there is nobody: run npm run bench first');
const { admin, instructors, tenantId } = population;
const [{ after, pid }] = (await source.query(`select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid,
    (select json_build_array(name_sort, student_id) from student_progress
     where tenant_id = '${tenantId}' and is_active order by name_sort, student_id
     offset (select count(*) * 4 / 5 from student_progress where tenant_id = '${tenantId}') limit 1) as after`)) as [
  { after: string[]; pid: number },
];

const urlOf = (role: string): string => {
  const url = new URL(server.url);
  [url.username, url.password] = [role, 'bench'];
  return url.href;
};

async function takeAway(): Promise<void> {
  for (const table of tenantTables) {
    await run(`drop policy if exists bench_under on ${table}; drop policy if exists bench_lax on ${table};
      alter table ${table} disable row level security`);
  }
  for (const role of roles) {
    const exists = (await source.query('select from pg_roles where rolname = $1', [role])) as unknown[];
    if (exists.length > 0) await run(`drop owned by ${role}; drop role ${role}`);
  }
}

async function setUp(): Promise<void> {
  const tenant = `tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid`;
  for (const role of roles) {
    await run(`create role ${role} login password 'bench' ${role === 'bench_past' ? 'bypassrls' : ''};
      grant select, insert, update, delete on all tables in schema public to ${role};
      grant usage on all sequences in schema public to ${role};
      alter role ${role} set app.tenant_id = '${role === 'bench_under' ? tenantId : ''}'`);
  }
  for (const table of tenantTables) {
    await run(`alter table ${table} enable row level security;
      create policy bench_under on ${table} to bench_under using (${tenant});
      create policy bench_lax on ${table} to bench_lax
        using (coalesce(current_setting('app.tenant_id', true), '') = '' or ${tenant})`);
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const two = (value: number): number => Math.round(value * 100) / 100;
const spread = (numbers: readonly number[]): string =>
  `${two(median(numbers))} (${two(Math.min(...numbers))}–${two(Math.max(...numbers))})`;

type Measure = () => Promise<Readonly<Record<string, number>>>;

/** @returns medians, and how many times the first of a thing's ways each is; the rounds take turns and directions */
async function compare(things: Record<string, Record<string, Measure>>): Promise<Record<string, object>> {
  const results: Record<string, object> = {};
  for (const [thing, ways] of Object.entries(things)) {
    const measures = Object.values(ways);
    const taken = measures.map((): Awaited<ReturnType<Measure>>[] => []);
    for (let round = -1; round < rounds; round++) {
      const order = [...measures.keys()];
      for (const index of round % 2 === 0 ? order : order.reverse()) {
        const figures = await measures[index]!();
        if (round >= 0) taken[index]!.push(figures); // the first round warms up
      }
    }
    for (const [index, way] of Object.keys(ways).entries()) {
      const cells = Object.keys(taken[0]![0]!).flatMap((unit) => {
        const values = taken[index]!.map((figures) => figures[unit]!);
        const ratios = values.map((value, round) => value / taken[0]![round]![unit]!);
        return [
          [unit, two(median(values))],
          [`ratio of ${unit}`, spread(ratios)],
        ];
      });
      results[`${thing}: ${way}`] = Object.fromEntries(cells) as object;
    }
  }
  return results;
}

/** Milliseconds per script on one connection. */
async function statements(): Promise<Record<string, object>> {
  const scripts = new Map<string, string[]>();
  for (const { name, statements } of await scenariosOf(population!, { cursor: '', after })) {
    scripts.set(name, statements.slice(0, 10).map(scriptOf));
  }
  const search: Statement[] = [];
  const recorder = { many: (sql: string, parameters: unknown[]) => (search.push({ sql, parameters }), []) };
  const lists = new StudentListRepository({ read: () => recorder } as unknown as Database);
  const top = { limit: 20, offset: 0, page: undefined, after: null };
  const order = { sort: 'name', order: 'asc', moment: { today: population!.today, now: new Date() } } as const;
  for (const { words } of instructors.slice(0, 10)) await lists.list(admin, { search: words[0]! }, order, top);
  scripts.set('search of all', search.map((statement) => scriptOf([statement]))); // prettier-ignore
  scripts.set('one session', await ingestionScripts(population!, source));
  await run(`grant select on bench_students to ${roles.join(', ')}`);
  const measure = (role: string, script: readonly string[]) => (): ReturnType<Measure> => {
    const rate = pgbench(urlOf(role), script, { connections: 1, seconds });
    if (rate === undefined) throw new Error('pgbench is not installed');
    return Promise.resolve({ ms: 1_000 / rate });
  };
  return compare(
    Object.fromEntries(
      [...scripts].map(([name, script]) => [
        name,
        { without: measure('bench_past', script), 'with policies': measure('bench_under', script) },
      ]),
    ),
  );
}

/** Answers per second of the API without a cache, and what one costs it and PostgreSQL. */
async function requests(): Promise<Record<string, object>> {
  const app = await createApp(config, { source });
  const services = app.get(ServicesService, { strict: false });
  const actor = { tenantId, userId: null, role: 'service' } as const;
  const { id } = await services.create(actor, { name: `rls ${new Date().toISOString()}`, scopes: ['sessions:write'] });
  const { key } = await services.createKey(actor, id, {});
  const reads: Call[] = instructors.map((viewer) => ({
    path: '/api/v1/students?limit=20',
    headers: { authorization: `Bearer ${app.get(TokensService).sign(viewer, { kind: 'identity' }, 86_400)}` },
  }));
  const writes = Array.from({ length: connections }, (): Call => ({
    method: 'POST',
    path: '/api/v1/activity/sessions',
    headers: { authorization: `Bearer ${key}` },
    body: sessionBodies(population!, 1),
  }));
  const servers: Server[] = [];
  const start = async (role: (typeof roles)[number], way?: string) => {
    const api = await startApi({
      DATABASE_URL: urlOf(role),
      DATA_DIR: dataDir,
      JWT_KEYS_FILE: keyFileOf(config),
      LOG_LEVEL: 'info',
      CACHE: 'off',
      ...(way && { NODE_OPTIONS: '--import ./bench/confine.js', CONFINE: way, CONFINE_TENANT: tenantId }),
    });
    servers.push(api);
    return (calls: readonly Call[]): Measure =>
      async () => {
        const rate = await load(api.url, calls, { connections, seconds, server: api.pid, postmaster: pid });
        if (rate.failures > 0) throw new Error(`${role} ${way ?? ''}: ${rate.failures} requests failed`);
        const { server: ours = NaN, database = NaN } = rate.cpu ?? {};
        return { 'per second': rate.perSecond, 'CPU µs': ours + database };
      };
  };
  try {
    const without = await start('bench_past');
    const pool = await start('bench_under');
    const query = await start('bench_under', 'query');
    const transaction = await start('bench_under', 'transaction');
    const onlyWrites = await start('bench_lax', 'writes');
    return await compare({
      'student list': {
        without: without(reads),
        'a pool per tenant': pool(reads),
        'set_config before': query(reads),
        'a transaction around': transaction(reads),
      },
      'one session': {
        without: without(writes),
        'a pool per tenant': pool(writes),
        'set_config before': query(writes),
        'a transaction around': transaction(writes),
        'writes only': onlyWrites(writes),
      },
    });
  } finally {
    for (const { stop } of servers) stop();
    await app.close();
  }
}

try {
  await takeAway();
  await setUp();
  console.log(`load ${loadavg()[0]!.toFixed(1)}; ${rounds} rounds of ${seconds} s`);
  if (!options.only || options.only === 'statements') console.table(await statements());
  if (!options.only || options.only === 'requests') console.table(await requests());
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
} finally {
  await takeAway();
  await source.destroy().catch(() => undefined);
  await server.stop();
}
