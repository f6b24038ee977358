import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { GradebookRepository, type GradebookSort } from '../src/assignments/gradebook.repository.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import type { Viewer } from '../src/http/viewer.js';
import { localDay } from '../src/org/local-day.js';
import { createAssignment, handOut } from '../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant } from '../test/factories.js';
import { noLimits, startPeer, type Statement } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What a page of a gradebook of 20 assignments × 1,000 students takes without a cache, asked one after another, in
 * turns with node:http that runs the same two statements, both at once, through pg. Fails when the p95 of a page of 20 students is above the limit.
 */
const limitMs = 30;
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '300' }, instructors: { type: 'string', default: '5' } },
});
const rounds = Number(options.rounds);

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-gradebook');
const config = readConfig({
  ...process.env,
  ...noLimits,
  DATA_DIR: dataDir,
  PORT: '0',
  LOG_LEVEL: 'silent',
  CACHE: 'off',
});
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const own = { poolSize: 4, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 };
const source = await connect({ ...own, url: server.ownerUrl }, console.log);
const database = new Database(source, { prepared: false });

/** Nine of ten pieces of work have a score, one of thirty is exempt. */
async function seed(): Promise<Viewer[]> {
  const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
  const instructors: Viewer[] = [];
  for (let number = 0; number < Number(options.instructors); number++) {
    const instructor = await createInstructor(database, tenant);
    const names = Array.from({ length: 1_000 }, (_, index) => ({ name: `Student ${(index * 7_919) % 1_000}` }));
    const students = await createStudents(database, instructor, names);
    for (let week = 0; week < 20; week++) {
      const dueAt = new Date(Date.UTC(2026, 0, 5 + 7 * week)).toISOString();
      await handOut(
        database,
        await createAssignment(database, instructor, { dueAt, weight: 1 + (week % 3) }),
        students,
      );
    }
    instructors.push(instructor);
  }
  await database.run(
    `-- bench.gradeSubmissions
    update submissions set attempts_started = 1, attempts_submitted = 1, started_at = '2026-02-02',
      first_submitted_at = '2026-02-02', last_submitted_at = '2026-02-02', attempt_score = round((random() * 100)::numeric, 2),
      exemption = case when random() < 1.0 / 30 then 'exempt' end
    where tenant_id = $1 and random() < 0.9`,
    [tenant.tenantId],
  );
  await source.query('vacuum analyze');
  return instructors;
}
const instructors = await seed();
const app = await createApp(config, { source, listen: true });
const ours = await app.getUrl();
const headersOf = new Map(
  instructors.map((viewer) => [
    viewer,
    { authorization: `Bearer ${app.get(TokensService).sign(viewer, { kind: 'identity' }, 86_400)}` },
  ]),
);

interface Page {
  readonly limit: number;
  readonly sort: GradebookSort;
  readonly page: number;
}
const pages: Readonly<Record<string, Page>> = {
  '20 students, by name': { limit: 20, sort: 'name', page: 1 },
  '100 students, by name': { limit: 100, sort: 'name', page: 1 },
  '20 students, by mean': { limit: 20, sort: 'mean', page: 1 },
  '100 students, last page by mean': { limit: 100, sort: 'mean', page: 10 },
};

/** What the route runs, taken from the repository itself. */
async function statementsOf(viewer: Viewer, { limit, sort, page }: Page): Promise<Statement[]> {
  const statements: Statement[] = [];
  const note = (sql: string, parameters: readonly unknown[]): void => void statements.push({ sql, parameters });
  const recorder = {
    read: () => recorder,
    one: (sql: string, parameters: unknown[]) => (note(sql, parameters), database.one(sql, parameters)),
    many: (sql: string, parameters: unknown[]) => (note(sql, parameters), database.many(sql, parameters)),
  };
  const gradebook = new GradebookRepository(recorder as unknown as Database);
  const now = new Date();
  const { students, assignments } = await gradebook.range(
    viewer,
    {
      students: {},
      assignments: {},
      sort,
      order: sort === 'name' ? 'asc' : 'desc',
      moment: { today: localDay('Europe/London', now), now },
    },
    { limit: limit + 1, offset: (page - 1) * limit, after: null },
    { limit: 20, offset: 0 },
  );
  const ids = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id);
  await gradebook.cells(viewer, ids(students.slice(0, limit)), ids(assignments), now);
  return statements;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** @returns milliseconds until the answer has been read */
async function ask(url: string, headers: Record<string, string> = {}): Promise<number> {
  const began = performance.now();
  const asked = request(url, { agent, headers });
  asked.end();
  const [reply] = (await once(asked, 'response')) as [IncomingMessage];
  reply.resume();
  await once(reply, 'end');
  if (reply.statusCode !== 200) throw new Error(`${url} answered ${reply.statusCode}`);
  return performance.now() - began;
}

const at = (times: number[], share: number): number =>
  Math.round(times.sort((a, b) => a - b)[Math.floor(times.length * share)]! * 10) / 10;

const results: Record<string, Record<string, number>> = {};
for (const [name, page] of Object.entries(pages)) {
  const { limit, sort, page: number } = page;
  const calls = await Promise.all(instructors.map((viewer) => statementsOf(viewer, page)));
  const pg = await startPeer({ kind: 'statements', databaseUrl: server.url, calls });
  const times = { ours: [] as number[], pg: [] as number[] };
  for (let round = -20; round < rounds; round++) {
    const index = (round + 20) % instructors.length;
    const path = `/api/v1/gradebook?limit=${limit}&page=${number}&sort=${sort}`;
    const one = await ask(`${ours}${path}`, headersOf.get(instructors[index]!));
    const other = await ask(`${pg.url}/${index}`);
    if (round < 0) continue; // warming up
    times.ours.push(one);
    times.pg.push(other);
  }
  pg.stop();
  const figures = { p50: at(times.ours, 0.5), p95: at(times.ours, 0.95), 'pg p50': at(times.pg, 0.5) };
  results[name] = { ...figures, 'pg p95': at(times.pg, 0.95) };
}
console.table(results);
agent.destroy();
await app.close();
await source.destroy().catch(() => undefined);
await server.stop();
const isWithin = Object.entries(results).every(([name, { p95 }]) => pages[name]!.limit > 20 || p95! < limitMs);
const load = loadavg()[0]!.toFixed(1);
console.log(
  `${rounds} pages each, ms, load ${load}; p95 of 20 students is ${isWithin ? '' : 'NOT '}within ${limitMs} ms`,
);
process.exitCode = isWithin ? 0 : 1;
