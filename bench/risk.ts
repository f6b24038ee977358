import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { addDays } from '../src/org/local-day.js';
import { RiskNight } from '../src/risk/risk-night.service.js';
import { createAssignment } from '../test/factories.assignments.js';
import { createDepartment, createTenant, type Place, type Tenant } from '../test/factories.js';
import { cpuSeconds } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What a night takes: all students of a tenant scored, in one department and in a hundred, and of twice as many. Each
 * has some 20 active days, eight days of practice and ten pieces of work, seven of them due. Fails above the limits.
 */
const { values: options } = parseArgs({ options: { students: { type: 'string', default: '100000' } } });
const students = Number(options.students);
const limits = { seconds: 60 * (students / 100_000), ratio: 2.2 };
const day = addDays(new Date().toISOString().slice(0, 10), -1);
const daysAgo = (days: number): string => `${addDays(day, -days)}T12:00:00Z`;

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-risk');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent', CACHE: 'memory' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const patient = { pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 };
const loading = await connect({ ...patient, poolSize: 2, url: server.ownerUrl }, console.log);
const database = new Database(loading, { prepared: false });

async function fill({ tenantId }: Tenant, { departmentId }: Place, count: number): Promise<void> {
  await database.run(
    `-- bench.insertStudents
    insert into users (tenant_id, id, role, name, department_id, joined_on, created_at)
    select $1, gen_random_uuid(), 'student', 'Student ' || n, $2, $3::date - 90, now() from generate_series(1, $4) n`,
    [tenantId, departmentId, day, count],
  );
}

async function practise({ tenantId }: Tenant): Promise<void> {
  await database.run(
    `-- bench.insertActiveDays
    update active_days a set days = known.days
    from (
      select p.student_id, range_agg(daterange($2::date - ago, $2::date - ago + 1)) as days
      from student_progress p, generate_series(0, 89) ago
      where p.tenant_id = $1 and abs(hashtext(p.student_id::text || ago) % 9) < 2
      group by p.student_id
    ) known
    where a.tenant_id = $1 and a.student_id = known.student_id`,
    [tenantId, day],
  );
  await database.run(
    `-- bench.insertSnapshots
    insert into progress_snapshots (tenant_id, student_id, day, department_id, sessions, sessions_completed,
      time_spent_seconds, questions, correct, interactions, score_sum, score_count, quiz_score_sum, quiz_score_count,
      voice_score_sum, voice_score_count, is_closed)
    select tenant_id, student_id, $2::date - ago * 3, department_id, 1, 1, 600, 0, 0, 0, 30 + random() * 70, 1, 50, 1, 0,
      0, true
    from student_progress, generate_series(0, 7) ago where tenant_id = $1`,
    [tenantId, day],
  );
}

async function work(tenant: Tenant): Promise<void> {
  for (let number = 0; number < 10; number++) {
    const dueAt = daysAgo(60 - 9 * number);
    const { assignmentId } = await createAssignment(database, tenant, { dueAt, weight: 1 + (number % 3) });
    await database.run(
      `-- bench.insertSubmissions
      insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at, started_at,
        first_submitted_at, last_submitted_at, attempts_started, attempts_submitted, attempt_score)
      select $1, $2, student_id, $3, $3, at, at, at, (at is not null)::int, (at is not null)::int,
        case when at is not null then round((random() * 100)::numeric, 2) end
      from student_progress
      cross join lateral (
        select case when random() < 0.8 then $4::timestamptz - random() * interval '9 days' + interval '1 day' end as at
      ) submitted
      where tenant_id = $1 and (at is null or at < now())`,
      [tenant.tenantId, assignmentId, daysAgo(80), dueAt],
    );
  }
}

async function seed(count: number, departments: number): Promise<string> {
  const tenant = await createTenant(database, { slug: `bench-${count}-${departments}-${Date.now()}` });
  for (let number = 0; number < departments; number++) {
    await fill(tenant, await createDepartment(database, tenant), count / departments);
  }
  await practise(tenant);
  await work(tenant);
  return tenant.tenantId;
}

const cases: readonly (readonly [name: string, students: number, departments: number])[] = [
  ['one department', students, 1],
  ['a hundred departments', students, 100],
  ['twice the students', 2 * students, 100],
];
const tenants: string[] = [];
for (const [name, count, departments] of cases) {
  const began = performance.now();
  tenants.push(await seed(count, departments));
  console.log(`${name}: ${count} students made in ${Math.round((performance.now() - began) / 1000)} s`);
}
await loading.query('vacuum analyze');
await loading.query('checkpoint');

const source = await connect({ url: server.url, poolSize: 10, pooler: false, applicationName: 'api' }, console.log);
const app = await createApp(config, { source });
const night = app.get(RiskNight, { strict: false });
const [postmaster] = await database.many<{ pid: number }>(
  `-- bench.postmaster
  select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer as pid`,
);
/** Of both processes, in seconds: what it takes on a machine that has nothing else to do. */
const spent = (): number => (cpuSeconds(process.pid) ?? NaN) + (cpuSeconds(postmaster!.pid) ?? NaN);
const results = [];
for (const [index, [name, count]] of cases.entries()) {
  const [rss, began, cpu] = [process.memoryUsage().rss, performance.now(), spent()];
  let most = rss;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 100);
  const scored = await night.score(tenants[index]!, day, new AbortController().signal);
  const seconds = (performance.now() - began) / 1000;
  const used = spent() - cpu;
  clearInterval(watch);
  if (scored !== count) throw new Error(`${name}: ${scored} of ${count} students were scored`);
  results.push({ name, students: count, seconds, 'CPU s': used, limit: index < 2 ? limits.seconds : NaN, 'MB more': (most - rss) / 2 ** 20 }); // prettier-ignore
  await loading.query('checkpoint');
}
await app.close();
await source.destroy().catch(() => undefined);
await loading.destroy();
await server.stop();

const ratio = results[2]!.seconds / results[1]!.seconds;
const isWithin = results.slice(0, 2).every(({ seconds, limit }) => seconds < limit) && ratio <= limits.ratio;
const round = (value: number): number => Math.round(value * 10) / 10;
console.table(
  results.map((row) => ({
    ...row,
    seconds: round(row.seconds),
    'CPU s': round(row['CPU s']),
    limit: row.limit || '–',
    'MB more': round(row['MB more']),
  })),
);
console.log(
  `twice the students cost ${ratio.toFixed(2)} times (limit ${limits.ratio}), load ${loadavg()[0]!.toFixed(1)}; ` +
    `${isWithin ? '' : 'NOT '}within the limits`,
);
process.exitCode = isWithin ? 0 : 1;
