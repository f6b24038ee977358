import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createDepartment, createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let ada: Member;
let ben: Member;

const now = '2026-03-02T08:00:00Z';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(now);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  [ada, ben] = (await createStudents(app.database, instructor, [{ name: 'Ada' }, { name: 'Ben' }])) as [Member, Member];
});

interface Row {
  readonly assignmentTitle: string;
  readonly studentName: string;
}
interface Listed {
  readonly data: readonly Row[];
  readonly pagination: { readonly total?: number; readonly nextCursor?: string };
}

async function given(
  title: string,
  options: AssignmentOptions = {},
  students: readonly Member[] = [ada, ben],
): Promise<Assignment> {
  const assignment = await createAssignment(app.database, instructor, { title, ...options });
  await handOut(app.database, assignment, students);
  return assignment;
}
async function set({ assignmentId }: Assignment, { userId }: Member, columns: string): Promise<void> {
  await app.database.run(
    `-- test.setSubmission
    update submissions set ${columns} where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignmentId, userId],
  );
}
async function submit({ assignmentId }: Assignment, { userId }: Member, at: string, score?: number): Promise<void> {
  app.clock.set(at);
  const service = app.as('service', tenant);
  const { body } = await service.post('/attempts').send({ assignmentId, studentId: userId }).expect(201);
  await service
    .post(`/attempts/${body.id as string}/submit`)
    .send({ score })
    .expect(200);
  app.clock.set(now);
}
async function list(query: Readonly<Record<string, string>> = {}, viewer: Member = instructor): Promise<Listed> {
  return (await app.as(viewer).get('/submissions').query(query).expect(200)).body as Listed;
}
/** `Title/Student` of each row. */
async function named(query: Readonly<Record<string, string>> = {}, viewer: Member = instructor): Promise<string[]> {
  return (await list(query, viewer)).data.map(
    ({ assignmentTitle, studentName }) => `${assignmentTitle}/${studentName}`,
  );
}

it('lists what is set to whom, with what is true of it now', async () => {
  const assignment = await given('Past', { dueAt: '2026-03-01T08:00:00Z', targetScore: 60 }, [ada]);
  const { data, pagination } = await list();
  const row = {
    assignmentId: assignment.assignmentId,
    assignmentTitle: 'Past',
    assignmentStatus: 'active',
    studentId: ada.userId,
    studentName: 'Ada',
    studentPid: null,
    status: 'not_started',
    isOverdue: true,
    isDueSoon: false,
    isLate: false,
    isMissing: false,
    isAwaitingGrade: false,
    effectiveDueAt: '2026-03-01T08:00:00Z',
    dueRule: 'assignment',
    attemptsSubmitted: 0,
    hasOpenAttempt: false,
    maxAttempts: 3,
    score: null,
    submittedAt: null,
    totalTimeSeconds: 0,
    exemption: null,
    version: 1,
  };
  expect(data).toEqual([row]);
  expect(pagination).toMatchObject({ total: 1, totalIsEstimate: false });
  const path = `/assignments/${assignment.assignmentId}/submissions/${ada.userId}`;
  const { body } = await app.as(instructor).get(path).expect(200);
  const assignmentDueAt = expect.any(String) as string;
  const due = { at: assignmentDueAt, rule: 'assignment', assignmentDueAt, accommodation: null, extension: null };
  expect(body).toEqual({
    ...row,
    effectiveDue: due,
    closesAt: null,
    targetScore: 60,
    startedAt: null,
    firstSubmittedAt: null,
    isReleased: true,
    attemptScore: null,
    grade: null,
    gradePenalty: 0,
    gradedAt: null,
    feedback: null,
    autoFeedback: null,
    attempts: [],
  });
});

it('finds each state, and says with its total how many there are', async () => {
  const open = await given('Open');
  const late = await given('Late', { dueAt: '2026-03-01T08:00:00Z' });
  const missing = await given('Missing', { dueAt: '2026-03-01T08:00:00Z', availableUntil: '2026-03-01T09:00:00Z' });
  const soon = await given('Soon', { dueAt: '2026-03-05T07:59:59Z', needsGrading: true });
  await submit(late, ada, '2026-03-01T08:00:01Z');
  await submit(soon, ada, '2026-03-01T08:00:00Z');
  await set(open, ada, `exemption = 'excused'`);
  await set(open, ben, `exemption = 'exempt', grade = 60, graded_at = '2026-03-01'`);
  await set(
    missing,
    ben,
    `is_completed_by_sessions = true, attempts_started = 1, attempts_submitted = 1,
    first_submitted_at = '2026-03-01', last_submitted_at = '2026-03-01'`,
  );
  await app.as('service', tenant).post('/attempts').send({ assignmentId: soon.assignmentId, studentId: ben.userId });
  const expected = {
    notStarted: ['Late/Ben', 'Missing/Ada', 'Open/Ada'],
    inProgress: ['Soon/Ben'],
    submitted: ['Late/Ada', 'Soon/Ada'],
    completed: ['Missing/Ben'],
    graded: ['Open/Ben'],
    overdue: ['Late/Ben', 'Missing/Ada'],
    dueSoon: ['Soon/Ben'],
    missing: ['Missing/Ada'],
    late: ['Late/Ada'],
    awaitingGrade: ['Soon/Ada'],
    excused: ['Open/Ada'],
    exempt: ['Open/Ben'],
  };
  for (const [state, rows] of Object.entries(expected)) {
    expect([state, (await named({ state })).sort()]).toEqual([state, rows]);
    expect((await list({ state })).pagination.total).toBe(rows.length);
  }
});

it('filters by assignment, student, instructor, department and local days', async () => {
  const place = await createDepartment(app.database, tenant);
  const colleague = await createInstructor(app.database, place);
  const [cleo] = await createStudents(app.database, colleague, [{ name: 'Cleo' }]);
  // the 10th of March in London ends at midnight, and so does the 29th, an hour of UTC earlier
  const first = await given('A', { dueAt: '2026-03-10T23:59:59Z' }, [ada, cleo!]);
  await given('B', { dueAt: '2026-03-29T22:59:59Z' }, [ada, ben]);
  await given('C', { dueAt: null }, [ada]);
  const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
  const all = (query: Readonly<Record<string, string>>) => named(query, supervisor);
  expect(await all({})).toEqual(expect.arrayContaining(['A/Ada', 'A/Cleo', 'B/Ada', 'B/Ben', 'C/Ada']));
  expect((await all({ assignmentId: first.assignmentId })).sort()).toEqual(['A/Ada', 'A/Cleo']);
  expect(await all({ studentId: ben.userId })).toEqual(['B/Ben']);
  expect(await all({ instructorId: colleague.userId })).toEqual(['A/Cleo']);
  expect(await all({ departmentId: place.departmentId })).toEqual(['A/Cleo']);
  expect(await all({ dueFrom: '2026-03-10', dueTo: '2026-03-10' })).toHaveLength(2);
  expect(await all({ dueFrom: '2026-03-11' })).toHaveLength(2);
  expect(await all({ dueFrom: '2026-03-29', dueTo: '2026-03-29' })).toHaveLength(2);
  expect(await all({ dueTo: '2026-03-09' })).toEqual([]);
  expect(await all({ dueFrom: '2026-03-30' })).toEqual([]);
});

it('queues what waits to be graded, the longest waiting first', async () => {
  const [one, two] = [await given('One', { needsGrading: true }), await given('Two', { needsGrading: true })];
  await submit(two, ben, '2026-03-01T10:00:00Z');
  await submit(one, ada, '2026-03-01T09:00:00Z');
  await submit(one, ben, '2026-03-01T11:00:00Z');
  await submit(await given('Not to be graded'), ada, '2026-03-01T08:00:00Z');
  expect(await named({ state: 'awaitingGrade', sort: 'submitted' })).toEqual(['One/Ada', 'Two/Ben', 'One/Ben']);
  await set(one, ada, `grade = 70, graded_at = '2026-03-01T12:00:00Z'`);
  expect(await named({ state: 'awaitingGrade', sort: 'submitted' })).toEqual(['Two/Ben', 'One/Ben']);
  // and once more when there is something new
  await submit(one, ada, '2026-03-01T13:00:00Z');
  expect(await named({ state: 'awaitingGrade', sort: 'submitted' })).toEqual(['Two/Ben', 'One/Ben', 'One/Ada']);
});

it.each(['due', 'submitted', 'student'])(
  'is read to the end by %s in either direction, each row once',
  async (sort) => {
    const dates = ['2026-03-09T12:00:00.123456Z', '2026-03-09T12:00:00.123457Z', null, null, '2026-03-04T00:00:00Z'];
    for (const [index, dueAt] of dates.entries()) await given(`N${index}`, { dueAt });
    const first = await given('Submitted');
    await submit(first, ada, '2026-03-01T09:00:00Z');
    await submit(first, ben, '2026-03-01T08:00:00Z');
    const orders: string[][] = [];
    for (const order of ['asc', 'desc']) {
      const all = await named({ sort, order, limit: '100' });
      expect(all).toHaveLength(12);
      const read: string[] = [];
      for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page++) {
        const { data, pagination } = await list({ sort, order, limit: '5', ...(cursor ? { cursor } : {}) });
        read.push(...data.map(({ assignmentTitle, studentName }) => `${assignmentTitle}/${studentName}`));
        cursor = pagination.nextCursor;
      }
      expect(read).toEqual(all);
      orders.push(all);
    }
    expect(orders[0]).toEqual(orders[1]!.toReversed());
    const [begins] = orders as [string[]];
    if (sort === 'due') expect([...begins.slice(0, 2)].sort()).toEqual(['N4/Ada', 'N4/Ben']);
    if (sort === 'submitted') expect(begins.slice(-2)).toEqual(['Submitted/Ben', 'Submitted/Ada']);
    if (sort === 'student') expect(begins.slice(0, 6).every((name) => name.endsWith('/Ada'))).toBe(true);
  },
);

it('shows a student their own and what has begun, an instructor whom they have, and nobody another tenant', async () => {
  await given('Begun', { availableFrom: now });
  const scheduled = await given('Scheduled', { availableFrom: '2026-03-02T08:00:01Z' });
  await given('Draft', { status: 'draft' });
  const withdrawn = await given('Withdrawn');
  await set(withdrawn, ada, `withdrawn_at = '2026-03-01'`);
  expect((await named({}, ada)).sort()).toEqual(['Begun/Ada']);
  expect((await named({ studentId: ada.userId })).sort()).toEqual(['Begun/Ada', 'Scheduled/Ada']);
  expect((await list({ assignmentId: scheduled.assignmentId })).data[0]).toMatchObject({
    assignmentStatus: 'scheduled',
  });
  const path = ({ assignmentId }: Assignment, { userId }: Member): string =>
    `/assignments/${assignmentId}/submissions/${userId}`;
  await app.as(ada).get(path(scheduled, ada)).expect(404);
  await app.as(instructor).get(path(scheduled, ada)).expect(200);
  await app.as(instructor).get(path(withdrawn, ada)).expect(404);
  await app.as(ada).get(path(scheduled, ben)).expect(404);
  const colleague = await createInstructor(app.database, tenant);
  expect(await named({}, colleague)).toEqual([]);
  await app.as(colleague).get(path(scheduled, ada)).expect(404);
  const strangers = await createTenant(app.database);
  await app.as('service', strangers).get(path(scheduled, ada)).expect(404);
  await app.as(instructor).get('/assignments/x/submissions/y').expect(400);
});

it('puts on record whose work was read, except by themselves', async () => {
  const assignment = await given('Read', {}, [ada]);
  const path = `/assignments/${assignment.assignmentId}/submissions/${ada.userId}`;
  await app.as(ada).get(path).expect(200);
  await app.as(instructor).get(path).expect(200);
  await app.as(instructor).get('/submissions').expect(200);
  const { assignmentId } = assignment;
  const { body } = await app.as(ada).post('/attempts').send({ assignmentId }).expect(201);
  await app
    .as(ada)
    .get(`/attempts/${body.id as string}`)
    .expect(200);
  await app
    .as(instructor)
    .get(`/attempts/${body.id as string}`)
    .expect(200);
  const entries = (await auditTrail(app.database, tenant.tenantId, '%.viewed')).map(
    ({ action, actorId, targetId, after }) => ({
      action,
      byInstructor: actorId === instructor.userId,
      targetId,
      after,
    }),
  );
  const entry = { byInstructor: true, targetId: ada.userId, after: { assignmentId } };
  expect(entries).toEqual([
    { ...entry, action: 'submission.viewed' },
    { ...entry, action: 'attempt.viewed' },
  ]);
});

it('refuses filters and pages that are none', async () => {
  for (const query of [
    { state: 'done' }, { sort: 'grade' }, { dueFrom: '2026-02-30' }, { assignmentId: '1' }, { limit: '101' },
    { cursor: 'x' }, { order: 'up' }, { unknown: '1' },
  ]) {
    await app.as(instructor).get('/submissions').query(query as unknown as Record<string, string>).expect(400);
  }
}); // prettier-ignore

it('counts exactly up to 10,000 and estimates above', async () => {
  const students = await createStudents(app.database, instructor, Array(105).fill({}));
  for (let index = 0; index < 95; index++) await given(`Mass ${index}`, {}, students);
  // as whoever writes much does: without statistics 10,000 rows may be looked through once for each student
  await app.database.run('-- test.analyze\nanalyze assignments, submissions, student_progress');
  // 95 × 105
  expect((await list()).pagination).toMatchObject({ total: 9_975, totalIsEstimate: false });
  await given('One more', {}, students);
  const { total, ...rest } = (await list()).pagination as { total: number; totalIsEstimate: boolean };
  expect(total).toBeGreaterThan(10_000);
  expect(rest.totalIsEstimate).toBe(true);
  expect((await list({ studentId: students[0]!.userId })).pagination.total).toBe(96);
});
