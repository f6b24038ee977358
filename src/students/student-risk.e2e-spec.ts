import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { setRisk } from '../../test/factories.risk.js';
import { bandOf, bandRanges, riskBands } from './risk-bands.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeAll(async () => {
  app = await startApp({ environment: { CACHE: 'off' } });
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
});

interface Listed {
  readonly id: string;
  readonly riskScore: number | null;
  readonly riskBand: string | null;
  readonly badge: string;
}
const list = async (query: string): Promise<{ data: Listed[]; pagination: { total: number; nextCursor?: string } }> =>
  (await app.as(instructor).get(`/students?${query}`).expect(200)).body as never;

/** Students with these scores, in this order; null: too little is known to show one. */
async function withScores(scores: readonly (number | null)[]): Promise<Member[]> {
  const students = await createStudents(app.database, instructor, scores.map(() => ({}))); // prettier-ignore
  for (const [index, student] of students.entries()) await setRisk(app.database, student, scores[index]!);
  return students;
}

it('has one meaning of bands, in lists, details, filters and counts', async () => {
  const scores = [0, 40, 40.01, 70, 70.01, 85, 85.01, 100, null];
  const students = await withScores(scores);
  const expected = ['low', 'low', 'moderate', 'moderate', 'high', 'high', 'critical', 'critical', null];
  expect(scores.map((score) => (score === null ? null : bandOf(score)))).toEqual(expected);
  const { data } = await list('limit=20');
  const byId = new Map(data.map((row) => [row.id, row]));
  expect(students.map(({ userId }) => byId.get(userId)!.riskBand)).toEqual(expected);
  expect(students.map(({ userId }) => byId.get(userId)!.riskScore)).toEqual(scores);
  for (const [index, { userId }] of students.entries()) {
    const { body } = await app.as(instructor).get(`/students/${userId}`).expect(200);
    expect(body).toMatchObject({ riskScore: scores[index], riskBand: expected[index] });
  }
  for (const band of riskBands) {
    const found = await list(`band=${band}`);
    expect(found.data.map(({ riskBand }) => riskBand)).toEqual([band, band]);
    expect(found.pagination.total).toBe(2);
  }
  // the bands follow each other without a gap; who has no score is in none of them
  expect(riskBands.map((band) => bandRanges[band].above)).toEqual([-Infinity, 40, 70, 85]);
  expect((await list(`band=${riskBands.join(',')}`)).pagination.total).toBe(8);
  // above 70, the threshold
  const flagged = await list('status=atRisk');
  expect(flagged.data.map(({ riskScore }) => riskScore).sort()).toEqual([100, 70.01, 85, 85.01]);
  expect(flagged.pagination.total).toBe(4);
  expect(data.filter(({ badge }) => badge === 'atRisk')).toHaveLength(4);
});

it('sorts by risk with those without a score last, or first the other way, on every page', async () => {
  const scores = [null, 12.5, 90, null, 90, 0, 55];
  await withScores(scores);
  const walk = async (order: string): Promise<(number | null)[]> => {
    const seen: (number | null)[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const page = await list(`sort=risk&order=${order}&limit=2${next}`);
      seen.push(...page.data.map(({ riskScore }) => riskScore));
      next = page.pagination.nextCursor && `&cursor=${page.pagination.nextCursor}`;
    }
    return seen;
  };
  expect(await walk('desc')).toEqual([90, 90, 55, 12.5, 0, null, null]);
  expect(await walk('asc')).toEqual([null, null, 0, 12.5, 55, 90, 90]);
});

it('counts who is at risk right while scores, rosters and people change at once', async () => {
  const other = await createInstructor(app.database, tenant);
  const students = await withScores(Array.from({ length: 40 }, () => null));
  const admin = app.as('admin', tenant);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 16_807) % 2_147_483_647) % below;
  // as nights and live scorings write: many at once, each in the order of their ids, some with nothing to show
  const score = (): Promise<number> => {
    const some = students.filter(() => random(2) === 0);
    return app.database.run(
      `-- test.scoreMany
      with locked as (
        select student_id from student_progress where tenant_id = $1 and student_id = any ($2) order by student_id
        for no key update
      )
      update student_progress p set risk_score = new.score
      from locked, unnest($2::uuid[], $3::numeric[]) as new (id, score)
      where p.tenant_id = $1 and p.student_id = locked.student_id and new.id = p.student_id`,
      [tenant.tenantId, some.map(({ userId }) => userId), some.map(() => (random(4) === 0 ? null : random(101)))],
    );
  };
  const work: (() => Promise<unknown>)[] = [];
  for (let round = 0; round < 60; round++) {
    const student = students[random(students.length)]!;
    const instructorId = [instructor.userId, other.userId][random(2)]!;
    const body = { studentIds: [student.userId], instructorId };
    const state = random(2) === 0 ? 'deactivate' : 'activate';
    work.push(
      score,
      () => admin.post('/students/assign').send(body),
      () => admin.post(`/users/${student.userId}/${state}`),
    );
  }
  const workers = Array.from({ length: 8 }, async () => {
    for (let next = work.pop(); next; next = work.pop()) await next();
  });
  await Promise.all(workers);
  const wrong = await app.database.many(
    `-- test.wrongCounts
    select coalesce(kept.id, counted.id) as id, kept.at_risk, counted.at_risk as counted
    from (
      select instructor_id as id, sum(at_risk) as at_risk from roster_counts where tenant_id = $1 group by 1
    ) kept
    full join (
      select instructor_id as id, count(*) filter (where is_at_risk) as at_risk
      from student_progress where tenant_id = $1 and is_active group by 1
    ) counted on counted.id = kept.id
    where coalesce(kept.at_risk, 0) <> coalesce(counted.at_risk, 0)`,
    [tenant.tenantId],
  );
  expect(wrong).toEqual([]);
  const { pagination, data } = await list('status=atRisk&limit=100');
  expect(data).toHaveLength(pagination.total);
  const absent = await app.database.many(
    `-- test.scoresOfTheAbsent
    select student_id from student_progress where tenant_id = $1 and not is_active and risk_score is not null`,
    [tenant.tenantId],
  );
  expect(absent).toEqual([]);
}, 60_000);
