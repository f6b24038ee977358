import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStudent, createTenant } from '../../test/factories.js';
import { startApp, type TestApp } from '../../test/app.js';
import { localDay } from '../org/local-day.js';
import { demoLogins, demoPassword, DemoTenants } from './demo-tenants.js';
import { SeedImport } from './seed-import.js';

let app: TestApp;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
  await cp('data/demo/oulad/tiny', join(folder, 'tiny'), { recursive: true });
});
beforeEach(async () => {
  app = await startApp({ now: '2026-03-02T20:00:00Z' });
});
afterEach(() => app.stop());
afterAll(() => rm(folder, { recursive: true }));

const said: string[] = [];
const prepare = async (): Promise<void> => {
  said.length = 0;
  await app.app.get(DemoTenants, { strict: false }).prepare(folder, app.clock.now(), (line) => said.push(line));
};
const query = <T>(sql: string): Promise<T[]> => app.db.source.query(sql);

/** What a student's numbers say, with days counted back from today. */
const progress = (today: string): Promise<object[]> =>
  query(`select p.pid, has_started, sessions_completed, overall_score, quiz_accuracy, voice_accuracy, improvement_rate,
      consistency_score, current_streak, longest_streak, total_time_spent_seconds, '${today}' - last_active_on as idle,
      '${today}' - joined_on as joined,
      (select array_agg(array['${today}' - lower(run), '${today}' - upper(run)]) from active_days d, unnest(d.days) run
        where d.student_id = p.student_id) as runs
    from student_progress p join tenants t on t.id = p.tenant_id where t.slug = 'demo-university' order by pid`);

it('is found as it is on the same day, and moves on with every later one', async () => {
  const bystander = await createTenant(app.database);
  await createStudent(app.database, bystander);
  await prepare();
  expect(said).toEqual([]);
  const before = await progress('2026-03-02');
  expect(before).toHaveLength(48);

  await query(`update users set name = 'Somebody' where pid = 'TA-0001'`);
  await prepare();
  expect(said).toEqual([]);
  expect(await query(`select from users where name = 'Somebody'`)).toHaveLength(1);

  // clocks go forward in between, on 29 March
  app.clock.set('2026-04-01T20:00:00Z');
  await prepare();
  expect(said).toEqual([
    'demo-university: made for 2026-03-02, so it is made anew for 2026-04-01',
    'demo-academy: made for 2026-03-02, so it is made anew for 2026-04-01',
  ]);
  expect(await progress('2026-04-01')).toEqual(before);
  expect(await query(`select from users where name = 'Somebody'`)).toEqual([]);
  // the administrator, and the student
  expect(await query(`select from users where tenant_id = '${bystander.tenantId}'`)).toHaveLength(2);
  expect(await app.app.get(DemoTenants, { strict: false }).listOthers()).toEqual([bystander.slug]);
}, 60_000);

it('lets its people sign in, and shows the instructor a dashboard', async () => {
  await prepare();
  const [instructor, ...others] = demoLogins;
  for (const { tenant, email } of others) {
    await app.anonymous.post('/auth/login').send({ tenant, email, password: demoPassword }).expect(200);
  }
  // this one belongs to the larger extract, which this test leaves out
  const login = { tenant: instructor.tenant, email: 'tutor-1.aaa_2013j@oulad.example.org', password: demoPassword };
  const answer = await app.anonymous.post('/auth/login').send(login).expect(200);
  const { accessToken } = answer.body as { accessToken: string };
  const dashboard = await app.anonymous.get('/dashboard').set('authorization', `Bearer ${accessToken}`).expect(200);
  const { statistics } = dashboard.body as {
    statistics: { totalStudents: number; activeStudents: number; atRisk: number };
  };
  expect(statistics.totalStudents).toBe(await studentsThere());
  expect(statistics.activeStudents).toBeGreaterThan(10);
  expect(statistics.atRisk).toBeGreaterThan(0);
  // scored as of the evening before, everybody who is still there
  const days = `select distinct risk_day as day from student_progress p join tenants t on t.id = p.tenant_id
    where t.slug like 'demo-%' and p.is_active and p.joined_on <= '2026-03-01'`;
  expect(await query(days)).toEqual([{ day: '2026-03-01' }]);
});

it('seeds a tenant that grows on demand and is otherwise always the same', async () => {
  const seed = app.app.get(SeedImport, { strict: false });
  const size = { tenantSlug: 'load-test', instructors: 3, students: 5, days: 14, assignments: 4 };
  const { accepted } = await seed.run(size);
  expect(accepted).toBeGreaterThan(20);
  const sessions = () => query(`select id, day, score from sessions order by id`);
  const first = await sessions();
  expect(await seed.run(size)).toMatchObject({ accepted: 0, known: accepted });
  expect(await sessions()).toEqual(first);
  expect((await seed.run({ ...size, students: 10 })).accepted).toBeGreaterThan(0);
  expect(await query(`select from users where role = 'student'`)).toHaveLength(30);
  expect(await query(`select from sessions where day > '${localDay('Europe/London', app.clock.now())}'`)).toEqual([]);
});

async function studentsThere(): Promise<number> {
  const rows = await query(`select from users u join tenants t on t.id = u.tenant_id
    where t.slug = 'demo-university' and u.role = 'student' and u.is_active`);
  return rows.length;
}
