import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Module,
  sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { RollUps } from './roll-ups.service.js';

interface Cell {
  readonly weekday: number;
  readonly hour: number;
  readonly sessions: number;
  readonly sessionsCompleted: number;
  readonly studentDays: number;
}

let app: TestApp;
let tenant: Tenant;
let teachers: Member[];
let students: Member[];
let practice: Module;

beforeEach(async () => {
  app = await startApp({ now: '2026-04-01T12:00:00Z' });
  tenant = await createTenant(app.database, { timeZone: 'Europe/London' });
  teachers = [await createInstructor(app.database, tenant), await createInstructor(app.database, tenant)];
  students = await createStudents(app.database, teachers[0]!, [{}, {}, {}, {}, {}]);
  practice = await createModule(app.database, await createCategory(app.database, tenant));
});
afterEach(() => app.stop());

async function practise(...sessions: [student: number, startedAt: string, fields?: object][]): Promise<void> {
  const bodies = sessions.map(([student, startedAt, fields]) => {
    const completedAt = new Date(Date.parse(startedAt) + 300_000).toISOString();
    return sessionBody(practice, { studentId: students[student]!.userId, startedAt, completedAt, ...fields });
  });
  await app.as('service', tenant).post('/activity/sessions').send({ sessions: bodies }).expect(200);
}
async function addUp(): Promise<void> {
  await app.app.get(RollUps, { strict: false }).rollUp(tenant.tenantId, new AbortController().signal);
}
const full = ({ sessions, sessionsCompleted, studentDays }: Cell): boolean =>
  sessions + sessionsCompleted + studentDays > 0;

it('shows all hours of the week, on days of 23 and 25 hours too', async () => {
  await practise(
    // Saturday before the clocks change, and the Sunday on which 01:00 is 02:00 at once
    [0, '2026-03-28T00:10:00Z'],
    [0, '2026-03-29T00:30:00Z'],
    [0, '2026-03-29T01:30:00Z'],
    [1, '2026-03-29T01:40:00Z', { status: 'abandoned', score: undefined }],
    [1, '2026-03-29T01:50:00Z'],
    // a Sunday with an hour that is there twice: 01:30 in summer time and 01:30 in winter time
    [0, '2025-10-26T00:30:00Z'],
    [0, '2025-10-26T01:30:00Z'],
    [2, '2026-03-30T10:00:00Z', { startedAt: undefined, completedAt: undefined, day: '2026-03-30' }],
  );
  const query = { from: '2025-10-01', to: '2026-03-31' };
  const { body: before } = await app.as(teachers[0]!).get('/analytics/activity-heatmap').query(query).expect(200);
  expect(before.cells.filter(full)).toEqual([]);
  await addUp();
  const { body } = await app
    .as(teachers[0]!)
    .get('/analytics/activity-heatmap')
    .query({ ...query, from: '2025-10-02' });
  expect(body).toMatchObject({
    from: '2025-10-02',
    to: '2026-03-31',
    freshness: { pendingDays: 0, pendingSince: null },
    sessionsWithoutTime: 1,
  });
  const hours = Array.from({ length: 168 }, (_, index) => [1 + Math.floor(index / 24), index % 24]);
  expect(body.cells.map(({ weekday, hour }: Cell) => [weekday, hour])).toEqual(hours);
  expect(body.cells.filter(full)).toEqual([
    { weekday: 6, hour: 0, sessions: 1, sessionsCompleted: 1, studentDays: 1 },
    { weekday: 7, hour: 0, sessions: 1, sessionsCompleted: 1, studentDays: 1 },
    { weekday: 7, hour: 1, sessions: 2, sessionsCompleted: 2, studentDays: 1 },
    { weekday: 7, hour: 2, sessions: 3, sessionsCompleted: 2, studentDays: 2 },
  ]);
  const others = await app
    .as(teachers[1]!)
    .get('/analytics/activity-heatmap')
    .query({ ...query, from: '2025-10-02' });
  expect(others.body.cells.filter(full)).toEqual([]);
  expect(others.body.sessionsWithoutTime).toBe(0);
});

it('tells services that may not see students of whole days with enough people alone', async () => {
  await practise([0, '2026-03-30T09:00:00Z'], [1, '2026-03-30T09:00:00Z'], [2, '2026-03-30T09:00:00Z']);
  await practise([3, '2026-03-30T09:00:00Z'], [4, '2026-03-30T09:00:00Z']);
  await practise(...[0, 1, 2, 3, 4].map((student): [number, string] => [student, '2026-03-31T09:00:00Z']));
  await practise([0, '2026-03-31T20:00:00Z']);
  await addUp();
  const warehouse = await app
    .as('admin', tenant)
    .post('/services')
    .send({ name: 'Warehouse', scopes: ['analytics:read'] })
    .expect(201);
  const { id: serviceId } = warehouse.body as { id: string };
  const key = await app.as('admin', tenant).post(`/services/${serviceId}/keys`).send({}).expect(201);
  const ask = (path: string) => app.anonymous.get(path).set('x-api-key', (key.body as { key: string }).key);
  // beside modules, hours would tell of fewer people than each of them has
  await ask('/analytics/activity-heatmap').expect(403);

  const performance = await ask('/analytics/performance?from=2026-03-30&to=2026-03-31').expect(200);
  expect(performance.body).toMatchObject({ smallestGroup: 5, totals: { sessions: 11, activeStudents: null } });
  expect(performance.body.points[0]).toMatchObject({ activeStudents: 5, sessions: 5 });
  const departments = await ask('/analytics/departments?from=2026-03-30').expect(200);
  const [{ own }] = departments.body.departments as { own: object }[] as [{ own: object }];
  const silence = { students: null, activeStudents: null, atRisk: null, topPerformers: null, completionRate: null };
  expect(own).toMatchObject({ ...silence, sessions: 11 });
  const oneOf = students[0]!.userId;
  await ask(`/analytics/performance?instructorId=${oneOf}`).expect(400);
  await ask(`/analytics/performance?segmentId=${oneOf}`).expect(403);
});
