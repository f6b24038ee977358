import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createInstructor, createStudents, createTenant, type Member, type Person, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { trayOf } from '../../test/occurrences.js';
import type { NewNotification } from './notification.js';
import { TrayWriter } from './tray-writer.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let from: Member;
let into: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  from = await createInstructor(app.database, tenant);
  into = await createInstructor(app.database, tenant);
});

const tell = ({ userId }: Member, cause: string, fields: Partial<NewNotification> = {}): Promise<number> =>
  app.app.get(TrayWriter, { strict: false }).tell(tenant.tenantId, [
    {
      userId,
      type: 'student_at_risk',
      priority: 'high',
      title: cause,
      body: '',
      actionUrl: null,
      cause,
      expiresAt: new Date('2026-06-01T00:00:00Z'),
      ...fields,
    },
  ]);
const merge = () => app.as(admin).post(`/users/${from.userId}/merge`).send({ intoId: into.userId }).expect(200);
const rowsOf = ({ userId }: Member): Promise<object> =>
  app.database.one(
    `-- test.countTray
    select (select count(*) from notifications where tenant_id = $1 and user_id = $2) as lines,
      (select count(*) from notification_causes where tenant_id = $1 and user_id = $2) as causes`,
    [tenant.tenantId, userId],
  );

it('gives the survivor the tray of the other, and what both were told once', async () => {
  await tell(from, 'both');
  await tell(into, 'both');
  await app.as(into).post('/notifications/read').send({}).expect(200);
  await tell(from, 'mine');
  await tell(from, 'k1', { collapseKey: 'k' });
  await tell(from, 'k2', { collapseKey: 'k' });
  await tell(into, 'k3', { collapseKey: 'k' });
  await tell(into, 'l1', { collapseKey: 'l' });
  await tell(from, 'l2', { collapseKey: 'l' });
  await merge();
  const tray = await trayOf(app, into);
  const shown = tray.map(({ title, count, readAt }) => [title, count, readAt === null]).sort();
  expect(shown).toEqual([
    ['both', 1, false],
    ['k3', 3, true],
    ['l1', 2, true],
    ['mine', 1, true],
  ]);
  expect((await app.as(into).get('/notifications/unread-count')).body).toEqual({ unread: 3 });
  expect(await rowsOf(from)).toEqual({ lines: 0, causes: 0 });
  for (const cause of ['both', 'mine', 'k1', 'k3', 'l2']) expect(await tell(into, cause)).toBe(0);
  expect(await tell(from, 'late')).toBe(0);
});

it('loses and doubles nothing of what is told meanwhile', async () => {
  const causes = Array.from({ length: 12 }, (_, n) => `cause ${n}`);
  const told = causes.map((cause) => Promise.all([tell(from, cause), tell(into, cause)]));
  await Promise.all([merge(), ...told]);
  expect((await trayOf(app, into)).map(({ title }) => title).sort()).toEqual([...causes].sort());
  expect(await rowsOf(from)).toEqual({ lines: 0, causes: 0 });
});

it('does so for students, too', async () => {
  const [one, other] = (await createStudents(app.database, into, [{}, {}])) as [Member, Member];
  await tell(one, 'mine', { type: 'assignment_due' });
  await app.as(admin).post(`/users/${one.userId}/merge`).send({ intoId: other.userId }).expect(200);
  expect((await trayOf(app, other)).map(({ title }) => title)).toEqual(['mine']);
});
