import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ViewsService } from '../src/analytics/views.service.js';
import { views } from '../src/analytics/views.js';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { createCategory, createDepartment, createInstructor, createModule, createTenant } from '../test/factories.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What a refresh of all views takes, with 100 instructors of 1,000 students each and 90 days, and with twice as many, as
 * nothing has changed and as midnight has changed most rows; and what reading a view saves beside what it is made from.
 * Snapshots and sessions are left out: no view reads them. Fails above the limits.
 */
const { values: options } = parseArgs({ options: { students: { type: 'string', default: '1000' } } });
const students = Number(options.students);
const instructors = 100;
const limits = { seconds: (10 * students) / 1_000, ratio: 2 };

class MovedClock extends Clock {
  private days = 0;
  override now(): Date {
    return new Date(super.now().getTime() + this.days * 86_400_000);
  }
  nextDay(): void {
    this.days += 1;
  }
}

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-views');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent', CACHE: 'memory' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const patient = { pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 };
const loading = await connect({ ...patient, poolSize: 1, url: server.ownerUrl }, console.log);
const database = new Database(loading, { prepared: false });
const run = (sql: string, parameters: unknown[]): Promise<number> => database.run(`-- bench.fill\n${sql}`, parameters);

async function fill(): Promise<string> {
  const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
  const { tenantId } = tenant;
  for (let number = 0; number < instructors; number++) {
    const department = await createDepartment(database, tenant);
    const { userId, departmentId } = await createInstructor(database, department);
    await run(
      `insert into users (tenant_id, id, role, name, department_id, joined_on, created_at)
      select $1, gen_random_uuid(), 'student', 'Student ' || n, $2, current_date - 90, now() from generate_series(1, $3) n`,
      [tenantId, departmentId, students],
    );
    await run(
      `update student_progress set instructor_id = $3, has_started = true, last_active_on = current_date - n,
        overall_score = 30 + n, completion_rate = n, risk_score = n
      from (select abs(hashtext(student_id::text) % 60) as n, student_id as id
        from student_progress where tenant_id = $1 and department_id = $2) drawn
      where tenant_id = $1 and student_id = drawn.id`,
      [tenantId, departmentId, userId],
    );
    await run(
      `insert into roster_days select $1, $2, $3, current_date - ago, $4 / 3, $4 / 2, $4 / 2, $4 * 300, $4 * 5, $4 * 4,
        $4 * 35, $4 / 2 from generate_series(0, 89) ago`,
      [tenantId, userId, departmentId, students],
    );
  }
  for (let number = 0; number < 5; number++) {
    const category = await createCategory(database, tenant);
    for (let each = 0; each < 4; each++) {
      const { moduleId } = await createModule(database, category);
      await run(
        `insert into student_modules
        select $1, student_id, $2, current_date - 60, case when random() < 0.7 then current_date - 50 end, current_date - 9, 7
        from student_progress where tenant_id = $1 and random() < 0.8`,
        [tenantId, moduleId],
      );
    }
    await run(
      `insert into category_progress
      select $1, student_id, $2, 20, 200, (random() * 200)::integer, 0, 0 from student_progress where tenant_id = $1`,
      [tenantId, category.categoryId],
    );
  }
  await run(
    `update active_days a set days = known.days from (
      select p.student_id, range_agg(daterange(current_date - ago, current_date - ago + 1)) as days
      from student_progress p, generate_series(0, 89) ago
      where p.tenant_id = $1 and abs(hashtext(p.student_id::text || ago) % 3) < 1 group by p.student_id
    ) known
    where a.tenant_id = $1 and a.student_id = known.student_id`,
    [tenantId],
  );
  await run(
    `insert into interventions (tenant_id, id, student_id, owner_id, origin, status, action, opened_at, opened_by,
      opened_day, contacted_at, contacted_day, updated_at)
    select tenant_id, gen_random_uuid(), student_id, instructor_id, 'flag', 'contacted', 'call', now(), instructor_id,
      current_date - 9, now(), current_date - 7, now() from student_progress where tenant_id = $1 and random() < 0.1`,
    [tenantId],
  );
  await loading.query('vacuum analyze');
  await loading.query('checkpoint');
  return tenantId;
}

const clock = new MovedClock();
const source = await connect({ url: server.url, poolSize: 10, pooler: false, applicationName: 'api' }, console.log);
const app = await createApp(config, { source, clock });
const service = app.get(ViewsService, { strict: false });
const rows: Record<string, unknown>[] = [];
async function refresh(what: string): Promise<number> {
  const began = performance.now();
  const done = await service.refresh(new AbortController().signal);
  const seconds = (performance.now() - began) / 1000;
  if (!done?.every(({ status }) => status === 'refreshed')) throw new Error(`not refreshed: ${JSON.stringify(done)}`);
  const each = Object.fromEntries(done.map(({ view, durationSeconds }) => [view, durationSeconds]));
  rows.push({ what, seconds: Math.round(seconds * 100) / 100, ...each });
  await loading.query('checkpoint');
  return seconds;
}
async function series(what: string): Promise<number> {
  await refresh(`${what}, first`);
  const unchanged = await refresh(`${what}, nothing has changed`);
  clock.nextDay();
  return Math.max(unchanged, await refresh(`${what}, a day later`));
}

const tenantId = await fill();
const count = instructors * students;
const once = await series(`${count} students`);

/** Milliseconds, the median of twenty. */
async function median(sql: string, parameters: unknown[]): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < 21; time++) {
    const began = performance.now();
    await database.many(`-- bench.read\n${sql}`, parameters);
    taken.push(performance.now() - began);
  }
  return Math.round(taken.sort((a, b) => a - b)[10]! * 100) / 100;
}
const [one] = await database.many<{ id: string; page: string[] }>(
  `-- bench.some
  select instructor_id as id, (array_agg(student_id))[1:20] as page from student_progress
  where tenant_id = $1 group by 1 limit 1`,
  [tenantId],
);
const asks: Readonly<Record<string, (from: string) => readonly [sql: string, ...parameters: unknown[]]>> = {
  instructor_dashboard_summary: (from) => [
    `select * from ${from} v where tenant_id = $1 and instructor_id = $2`,
    one!.id,
  ],
  instructor_performance: (from) => [`select * from ${from} v where tenant_id = $1`],
  daily_platform_metrics: (from) => [`select day, sum(sessions) from ${from} v where tenant_id = $1 group by 1`],
  user_learning_summary: (from) => [
    `select * from unnest($2::uuid[]) id cross join lateral (select * from ${from} v where tenant_id = $1 and student_id = id) found`,
    one!.page,
  ],
};
const reads = [];
for (const { name } of views) {
  const [{ sql }] = (await loading.query(`select rtrim(pg_get_viewdef('${name}'::regclass), ';') as sql`)) as [{ sql: string }]; // prettier-ignore
  const ask = async (from: string): Promise<number> => {
    const [text, ...parameters] = asks[name]!(from);
    return median(text, [tenantId, ...parameters]);
  };
  reads.push({ view: name, 'ms from it': await ask(name), 'ms from what it is made from': await ask(`(${sql})`) });
}

await fill();
const twice = await series(`${2 * count} students`);
await app.close();
await source.destroy().catch(() => undefined);
await loading.destroy();
await server.stop();

console.table(rows);
console.table(reads);
const isWithin = once < limits.seconds && twice <= limits.ratio * once;
console.log(`twice the students: ${(twice / once).toFixed(2)} × the time; load ${loadavg()[0]!.toFixed(1)}`);
console.log(isWithin ? 'within the limits' : 'ABOVE THE LIMITS');
process.exitCode = isWithin ? 0 : 1;
