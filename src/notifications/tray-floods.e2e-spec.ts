import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { setRisk } from '../../test/factories.risk.js';
import { trayOf } from '../../test/occurrences.js';
import { NotificationsJobs } from './notifications.jobs.js';
import { mostUrgentPerDay } from './tray-lines.js';
import { TrayWriter } from './tray-writer.js';

const mostPerDay = 20;

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let substitute: Member;
let students: [Member, Member, Member];

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  substitute = await createInstructor(app.database, tenant);
  students = (await createStudents(app.database, instructor, [{ name: 'Ada' }, { name: 'Bea' }, { name: 'Cy' }])) as [
    Member, Member, Member,
  ]; // prettier-ignore
});

const run = (payload: object, occasion = uuidv7()) => ({
  job: 'notifications.tell',
  tenantId: tenant.tenantId,
  key: '',
  occasion,
  payload: payload as Record<string, string>,
  attempt: 1,
  signal: new AbortController().signal,
});
const jobs = (): NotificationsJobs => app.app.get(NotificationsJobs, { strict: false });
const titles = async (person: Member, query = ''): Promise<string[]> =>
  (await trayOf(app, person, query)).map(({ title }) => title);
const standIn = (): Promise<number> =>
  app.database.run(
    `-- test.standIn
    insert into delegations
      (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
    values ($1, $2, $3, $4, '2026-03-01', '2026-03-08', $3, 'ill', '2026-03-01')`,
    [tenant.tenantId, uuidv7(), instructor.userId, substitute.userId],
  );

describe('students at risk', () => {
  const risen = (student: Member, from: string | null, to: string, occasion?: string) =>
    jobs().tellAtRisk(run({ studentId: student.userId, from, to }, occasion));

  it('are told to their instructor and who stands in, when their band has risen', async () => {
    const [ada, bea, cy] = students;
    await standIn();
    for (const student of students) await setRisk(app.database, student, 75);
    await setRisk(app.database, cy, 90);
    await risen(ada, 'moderate', 'high', 'one');
    await risen(ada, 'moderate', 'high', 'one');
    await risen(bea, 'critical', 'high');
    await risen(bea, null, 'moderate');
    await risen(cy, 'high', 'critical');
    const told = async (person: Member): Promise<object[]> =>
      (await trayOf(app, person)).map(({ title, priority, count }) => ({ title, priority, count }));
    const cyAlone = { title: 'At risk: Cy', priority: 'urgent', count: 1 };
    for (const person of [instructor, substitute]) {
      expect(await told(person)).toEqual([cyAlone, { title: 'At risk: Ada', priority: 'high', count: 1 }]);
    }
    expect(await titles(ada)).toEqual([]);
    await risen(bea, 'moderate', 'high');
    const two = { title: '2 students have come to be at risk', priority: 'high', count: 2 };
    expect(await told(instructor)).toEqual([cyAlone, two]);
    const [, line] = await trayOf(app, instructor);
    expect(line).toMatchObject({
      body: 'The last of them: Bea, whose risk is high now.',
      actionUrl: '/students?band=high,critical',
    });
    await app.as(instructor).get(line!.actionUrl!).expect(200);
    // whoever has read the line gets another one
    await app.as(instructor).post(`/notifications/${line!.id}/read`).expect(200);
    await risen(bea, 'moderate', 'high');
    expect((await told(instructor))[0]).toEqual({ title: 'At risk: Bea', priority: 'high', count: 1 });
  });

  it('make few lines of a night on which many come to be at risk, told one by one and at once', async () => {
    const many = await createStudents(
      app.database,
      instructor,
      Array.from({ length: 24 }, (_, n) => ({ name: `S${n}` })),
    );
    for (const [n, student] of many.entries()) await setRisk(app.database, student, n % 2 ? 75 : 90);
    await Promise.all(many.map((student, n) => risen(student, 'moderate', n % 2 ? 'high' : 'critical')));
    const lines = await trayOf(app, instructor);
    expect(lines).toHaveLength(mostUrgentPerDay + 1);
    expect(lines.filter(({ priority }) => priority === 'urgent')).toHaveLength(mostUrgentPerDay);
    const rest = 24 - mostUrgentPerDay;
    const crowd = { title: `${rest} students have come to be at risk`, count: rest };
    expect(lines.filter(({ priority }) => priority === 'high')).toMatchObject([crowd]);
  });

  it('are not told to a former instructor, nor once it is over', async () => {
    const [ada, bea] = students;
    await setRisk(app.database, ada, 75);
    await setRisk(app.database, bea, 60);
    await app.database.run(
      `-- test.reassign
      update student_progress set instructor_id = $3 where tenant_id = $1 and student_id = $2`,
      [tenant.tenantId, ada.userId, substitute.userId],
    );
    await risen(ada, 'moderate', 'high');
    await risen(bea, 'moderate', 'high');
    expect([await titles(instructor), await titles(substitute)]).toEqual([[], ['At risk: Ada']]);
  });
});

describe('a flood', () => {
  const tell = (n: number, { userId }: Member, fields: object = {}): Promise<number> =>
    app.app.get(TrayWriter, { strict: false }).tell(tenant.tenantId, [
      {
        userId,
        type: 'assignment_created',
        priority: 'normal',
        title: `Work ${n}`,
        body: '',
        actionUrl: null,
        cause: `work:${n}`,
        expiresAt: new Date('2026-06-01T00:00:00Z'),
        ...fields,
      },
    ]);

  it('of one day reaches nobody, who has twenty lines and one that says how many more', async () => {
    const [ada] = students;
    await Promise.all(Array.from({ length: mostPerDay + 12 }, (_, n) => tell(n, ada)));
    const lines = await trayOf(app, ada);
    expect(lines).toHaveLength(mostPerDay + 1);
    expect(lines.filter(({ count }) => count > 1)).toMatchObject([{ title: 'More has happened today', count: 12 }]);
    await tell(100, ada, { priority: 'urgent' });
    await tell(101, ada, { type: 'message_received' });
    expect(await trayOf(app, ada)).toHaveLength(mostPerDay + 3);
    // the tenant's midnight
    app.clock.set('2026-03-03T00:00:00Z');
    await tell(102, ada);
    expect((await titles(ada))[0]).toBe('Work 102');
    const all = Array.from({ length: mostPerDay + 12 }, (_, n) => tell(n, instructor));
    await Promise.all(all);
    expect(await trayOf(app, instructor)).toHaveLength(mostPerDay + 1);
  });

  it('is of as many lines as the organisation says', async () => {
    await app.as('admin', tenant).patch('/settings').send({ notificationsPerDay: 5 }).expect(200);
    await Promise.all(Array.from({ length: 8 }, (_, n) => tell(n, instructor)));
    expect(await trayOf(app, instructor)).toHaveLength(6);
  });

  it('under one key is one line, with every cause counted once', async () => {
    const told = await Promise.all(Array.from({ length: 24 }, (_, n) => tell(n % 8, instructor, { collapseKey: 'k' })));
    expect(told.reduce((sum, count) => sum + count)).toBe(8);
    expect(await trayOf(app, instructor)).toMatchObject([{ count: 8 }]);
  });
});
