import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Rebuild } from '../src/analytics/rebuild.service.js';
import { ViewsService } from '../src/analytics/views.service.js';
import { createApp } from '../src/app.js';
import { keyFileOf } from '../src/auth/key-file.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import type { Viewer } from '../src/http/viewer.js';
import { Partitions } from '../src/operations/partitions.js';
import { addDays, localDay } from '../src/org/local-day.js';
import { planOf, readWhole } from '../test/plans.js';
import { type Sent, sentDuring } from '../test/sent.js';
import { type Population, findPopulated, populate, type Size, slugOf } from '../test/population.js';
import { type Question, questions } from './analytics-questions.js';
import { type Call, noLimits, startApi } from './load.js';
import { pgbenchTimes, scriptOf } from './pgbench.js';
import { askAll, type Times, timesOf } from './times.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * How long people wait for analytics, beside the limit and beside the same statements under pgbench, in one run: through
 * the whole server, signed in, without the cache and with it; of all students and of half as many. Speed is told and
 * not tested: it always ends well.
 */
const { values: options } = parseArgs({
  options: {
    instructors: { type: 'string', default: '100' },
    students: { type: 'string', default: '1000' },
    days: { type: 'string', default: '90' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const connections = Number(options.connections);
const size: Size = {
  instructors: Number(options.instructors),
  students: Number(options.students),
  days: Number(options.days),
};
const half: Size = { ...size, instructors: Math.ceil(size.instructors / 2) };

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-analytics');
const config = readConfig({
  ...process.env,
  ...noLimits,
  DATA_DIR: dataDir,
  PORT: '0',
  LOG_LEVEL: 'error',
  CACHE: 'off',
});
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const patient = { pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0, poolSize: 4 };
const source = await connect({ ...patient, url: server.ownerUrl }, console.log);
const database = new Database(source, { prepared: false });
const app = await createApp(config, { source });
await app.init();
await app.getHttpAdapter().getInstance().ready();
const today = localDay('Europe/London', new Date());

const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);

async function populated(wanted: Size): Promise<Population> {
  const slug = slugOf(wanted, today);
  if (!(await findPopulated(database, slug))) {
    const began = performance.now();
    const firstDay = addDays(today, 1 - wanted.days);
    await app.get(Partitions, { strict: false }).ensureMonths(firstDay, today);
    await populate(database, wanted, today);
    console.log(`${slug} made in ${secondsSince(began)} s`);
  }
  const found = (await findPopulated(database, slug))!;
  const { known } = await database.one<{ known: boolean }>(
    `-- bench.isAddedUp
    select exists (select from module_days where tenant_id = $1)
      and not exists (select from stale_days where tenant_id = $1) as known`,
    [found.tenantId],
  );
  if (!known) {
    const began = performance.now();
    await app.get(Rebuild, { strict: false }).run(found.tenantId, undefined, new AbortController().signal);
    await source.query('vacuum analyze');
    console.log(`${slug} added up by day in ${secondsSince(began)} s`);
  }
  return found;
}

const tokens = new Map<string, string>();
function authorization(viewer: Viewer): string {
  const key = `${viewer.role} ${viewer.tenantId} ${viewer.userId}`;
  const token = tokens.get(key) ?? app.get(TokensService).sign(viewer, { kind: 'identity' }, 86_400);
  tokens.set(key, token);
  return `Bearer ${token}`;
}

const callsOf = ({ ask }: Question, of: Population): Call[] =>
  of.instructors.map((_, index) => {
    const { viewer, path } = ask(of, index, { today, days: size.days });
    return { path: `/api/v1${path}`, headers: { authorization: authorization(viewer) } };
  });

/** What an answer takes from the database once everything else is known. */
async function statementsOf({ path, headers }: Call): Promise<Sent[]> {
  const fetch = async (): Promise<void> => {
    const { statusCode, body } = await app.inject({ method: 'GET', url: path, headers: { ...headers } });
    if (statusCode !== 200) throw new Error(`${path}: ${body}`);
  };
  await fetch();
  return sentDuring(fetch);
}

const ms = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(value < 10 ? 2 : 1));
const beside = (value: number, limit: number | undefined): string =>
  limit === undefined ? ms(value) : `${ms(value)} of ${limit}${value < limit ? '' : ' !'}`;

/** All materialised views, of both tenants, and how long readers of the dashboard wait meanwhile. */
async function refreshBesideReaders(url: string, calls: readonly Call[]): Promise<void> {
  const before = timesOf(await askAll(url, calls, { connections, seconds }));
  let isOver = false;
  const reading = askAll(url, calls, { connections, seconds, until: () => isOver });
  const began = performance.now();
  const refreshed = await app.get(ViewsService, { strict: false }).refresh(new AbortController().signal);
  const took = (performance.now() - began) / 1000;
  isOver = true;
  const during = timesOf(await reading);
  console.table(refreshed);
  console.log(
    `all views refreshed in ${took.toFixed(1)} of 10 s${took < 10 ? '' : ' !'}; readers' p95 ${ms(before.p95)} ms before, ` +
      `${ms(during.p95)} ms meanwhile (p50 ${ms(before.p50)} and ${ms(during.p50)})`,
  );
}

try {
  const [some, all] = [await populated(half), await populated(size)];
  const environment = {
    DATABASE_URL: server.url,
    DATABASE_OWNER_URL: server.ownerUrl,
    DATA_DIR: dataDir,
    JWT_KEYS_FILE: keyFileOf(config),
    LOG_LEVEL: 'error',
  };
  const uncached = await startApi({ ...environment, CACHE: 'off' });
  const cached = await startApi({ ...environment, CACHE: 'memory' });
  await source.query('create extension if not exists pg_prewarm');
  await source.query(
    `select sum(pg_prewarm(oid::regclass)) from pg_class
    where relkind in ('r', 'i', 'm') and relnamespace = 'public'::regnamespace`,
  );
  const only = options.only?.split(',');
  const asked = questions.filter(({ name }) => !only || only.some((part) => name.includes(part)));
  const rows: Record<string, string>[] = [];
  const scans = new Set<string>();
  try {
    for (const question of asked) {
      const [calls, fewer] = [callsOf(question, all), callsOf(question, some)];
      const sent: Sent[][] = [];
      for (const call of calls.slice(0, 10)) sent.push(await statementsOf(call));
      for (const one of sent[0]!) {
        for (const table of readWhole(await planOf(source, one))) scans.add(`${one.name} reads ${table} whole`);
      }
      const time = async (url: string, list: readonly Call[]): Promise<Times> =>
        timesOf(await askAll(url, list, { connections, seconds }));
      await time(cached.url, calls);
      const [a, b] = [await time(uncached.url, calls), await time(uncached.url, fewer)];
      const scripts = sent.map((statements) => scriptOf(statements.map(({ text: sql, values: parameters }) => ({ sql, parameters })))); // prettier-ignore
      const bare = pgbenchTimes(server.url, scripts, { connections, seconds });
      const limit = bare && timesOf(bare);
      const hits = await time(cached.url, calls);
      rows.push({
        question: question.name,
        statements: String(sent[0]!.length),
        'p50 ms': ms(a.p50),
        'p95 ms': beside(a.p95, question.limit),
        'pgbench p50': ms(limit?.p50),
        'pgbench p95': ms(limit?.p95),
        ratio: limit ? (a.p50 / limit.p50).toFixed(2) : '–',
        'cached p50': ms(hits.p50),
        'cached p95': beside(hits.p95, question.cachedLimit),
        'twice the students': beside(a.p50 / b.p50, 2),
      });
      console.log(JSON.stringify(rows.at(-1)));
    }
    if (!only || only.includes('refresh')) await refreshBesideReaders(uncached.url, callsOf(questions[0]!, all));
  } finally {
    uncached.stop();
    cached.stop();
  }
  console.log(`\n${size.instructors} × ${size.students} students, ${size.days} days, load ${loadavg()[0]!.toFixed(1)}`);
  console.table(rows);
  console.log(scans.size > 0 ? [...scans].join('\n') : 'no big table is read whole');
} finally {
  await app.close();
  await source.destroy().catch(() => undefined);
  await server.stop();
}
