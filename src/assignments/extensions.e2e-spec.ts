import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { expectDueDates } from '../../test/due-dates.js';
import {
  createDepartment,
  createInstructor,
  createStudents,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import { untilBlocked } from '../../test/blocked.js';
import type { Response } from 'supertest';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { ExtensionsRepository } from './extensions.repository.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let ben: Member;
let students: Member[];
let assignment: Assignment;
let path: string;

/** Due on 9 March at noon. */
const due = '2026-03-09T12:00:00.000Z';
const later = { until: '2026-03-12T12:00:00Z', reason: 'in hospital' };

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department);
  ben = await createInstructor(app.database, department);
  students = await createStudents(app.database, ada, Array(3).fill({}));
  assignment = await give();
  path = `/assignments/${assignment.assignmentId}/submissions/${students[0]!.userId}/extension`;
});

const give = async (options: AssignmentOptions = {}, owner: Tenant | Member = ada): Promise<Assignment> => {
  const given = await createAssignment(app.database, owner, options);
  await handOut(app.database, given, students);
  return given;
};
const change = (sql: string, ...parameters: unknown[]): Promise<number> =>
  app.database.run(`-- test.changeAssignment\nupdate assignments set ${sql} where tenant_id = $1 and id = $2`, [
    tenant.tenantId,
    assignment.assignmentId,
    ...parameters,
  ]);
const stateOf = async (student = students[0]!): Promise<unknown> =>
  app.database.one(
    `-- test.extensionState
    select s.effective_due_at as at, s.due_rule as rule, s.extended_until as until, s.extension_reason as reason,
      s.version
    from submissions s where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignment.assignmentId, student.userId],
  );

it('grants one student more time, explains it, and takes it back', async () => {
  const { body } = await app.as(ada).put(path).set('if-match', '"1"').send(later).expect(200);
  const extension = { until: '2026-03-12T12:00:00.000Z', reason: 'in hospital' };
  expect(body).toEqual({
    assignmentId: assignment.assignmentId,
    studentId: students[0]!.userId,
    version: 2,
    effectiveDue: { at: extension.until, rule: 'extension', assignmentDueAt: due, accommodation: null, extension },
  });
  expect(await stateOf(students[1])).toMatchObject({ rule: 'assignment', until: null, version: 1 });
  // the same again is nothing new
  expect((await app.as(ada).put(path).send(later).expect(200)).body).toEqual(body);
  expect((await app.as(ada).put(path).set('if-match', '"1"').send(later).expect(412)).body.code).toBe(
    'version_mismatch',
  );
  await app.as(ada).delete(path).set('if-match', '"1"').expect(412);
  await app.as(ada).delete(path).set('if-match', '"2"').expect(204);
  await app.as(ada).delete(path).expect(204);
  expect(await stateOf()).toEqual({
    at: '2026-03-09T12:00:00Z',
    rule: 'assignment',
    until: null,
    reason: null,
    version: 3,
  });
  const audited = (await auditTrail(app.database, tenant.tenantId))
    .filter(({ targetId }) => targetId === students[0]!.userId)
    .map(({ action, before, after, reason }) => ({
      action,
      before: before!['until'] ?? null,
      after: after!['until'] ?? null,
      id: after!['assignmentId'],
      reason,
    }));
  const id = assignment.assignmentId;
  expect(audited).toEqual([
    { action: 'extension.granted', before: null, after: '2026-03-12T12:00:00Z', id, reason: 'in hospital' },
    { action: 'extension.taken_back', before: '2026-03-12T12:00:00Z', after: null, id, reason: null },
  ]);
});

it('says what an accommodation makes of it, and which is the latest', async () => {
  const validFrom = '2026-01-01T00:00:00Z';
  const wanted = { studentId: students[0]!.userId, extraDays: 2, reason: 'dyslexia', validFrom };
  await app.as(ada).post('/accommodations').send(wanted).expect(201);
  const { body } = await app.as(ada).put(path).send({ until: '2026-03-10T12:00:00Z', reason: 'ill' }).expect(200);
  // 9 March and two days
  const accommodation = { dueAt: '2026-03-11T12:00:00.000Z', timeFactor: 1, extraDays: 2 };
  const extension = { until: '2026-03-10T12:00:00.000Z', reason: 'ill' };
  const rule = 'accommodation';
  expect(body.effectiveDue).toEqual({ at: accommodation.dueAt, rule, assignmentDueAt: due, accommodation, extension });
  // of equal ones the accommodation
  const { body: equal } = await app.as(ada).put(path).send({ until: accommodation.dueAt, reason: 'ill' }).expect(200);
  expect(equal.effectiveDue).toMatchObject({ at: accommodation.dueAt, rule });
  const { body: longer } = await app.as(ada).put(path).send(later).expect(200);
  expect(longer.effectiveDue).toMatchObject({ at: '2026-03-12T12:00:00.000Z', rule: 'extension', accommodation });
});

it('tells a student when and a service that there is more time, and neither why', async () => {
  const validFrom = '2026-01-01T00:00:00Z';
  const wanted = { studentId: students[0]!.userId, timeFactor: 1.5, reason: 'dyslexia', validFrom };
  await app.as(ada).post('/accommodations').send(wanted).expect(201);
  const { body } = await app.as(ada).put(path).send(later).expect(200);
  expect(body.effectiveDue).toMatchObject({ accommodation: { timeFactor: 1.5 }, extension: { reason: later.reason } });
  const told = async (viewer: Viewer): Promise<unknown> =>
    (await app.app.get(ExtensionsRepository).get(viewer, assignment.assignmentId, students[0]!.userId)).effectiveDue;
  const quiet = { ...body.effectiveDue, extension: { ...body.effectiveDue.extension, reason: null } };
  expect(await told(students[0]!)).toEqual(quiet);
  expect(await told({ ...ada, role: 'service' })).toEqual({ ...quiet, accommodation: null });
});

it('gives way to a due date of the assignment that is later still', async () => {
  await app.as(ada).put(path).send(later).expect(200);
  await change(`due_at = '2026-03-12T12:00:00Z'`);
  expect(await stateOf()).toMatchObject({ at: '2026-03-12T12:00:00Z', rule: 'assignment' });
  await change(`due_at = '2026-03-20T12:00:00Z'`);
  expect(await stateOf()).toMatchObject({ at: '2026-03-20T12:00:00Z', rule: 'assignment' });
  await change(`due_at = '2026-03-10T12:00:00Z'`);
  expect(await stateOf()).toMatchObject({ at: '2026-03-12T12:00:00Z', rule: 'extension' });
});

it('keeps a student out of what is overdue', async () => {
  await app.as(ada).put(path).send(later).expect(200);
  const overdue = async (now: string): Promise<unknown[]> =>
    app.database.many(
      `-- test.overdue
      select student_id as id from work_at($1, $2) where tenant_id = $1 and is_overdue order by student_id`,
      [tenant.tenantId, now],
    );
  const others = students.slice(1).map(({ userId: id }) => ({ id }));
  expect(await overdue('2026-03-09T12:00:00Z')).toEqual([]);
  expect(await overdue('2026-03-09T12:00:01Z')).toEqual(others);
  expect(await overdue('2026-03-12T12:00:00Z')).toEqual(others);
  expect(await overdue('2026-03-12T12:00:01Z')).toEqual(students.map(({ userId: id }) => ({ id })));
});

it('is refused where it cannot be', async () => {
  const put = async (status: number, body: object = later): Promise<unknown> =>
    (await app.as(ada).put(path).send(body).expect(status)).body;
  for (const until of [due, '2026-03-09T11:59:59Z', '0001-01-01T00:00:00Z']) {
    expect(await put(422, { ...later, until })).toMatchObject({
      code: 'extension_not_later',
      errors: [{ pointer: '/until' }],
    });
  }
  for (const body of [
    { until: later.until },
    { reason: 'ill' },
    { ...later, until: '2026-03-12' },
    { ...later, reason: '' },
  ]) {
    await put(400, body);
  }
  await change('due_at = null');
  expect(await put(409)).toMatchObject({ code: 'due_date_missing' });
  await change(`due_at = $3, status = 'archived'`, due);
  expect(await put(409)).toMatchObject({ code: 'assignment_archived' });
  await app.as(ada).delete(path).expect(409);
  const bulk = { studentIds: [students[0]!.userId], ...later };
  await app.as(ada).post(`/assignments/${assignment.assignmentId}/extensions`).send(bulk).expect(409);
});

it('is granted by whoever has the student, also for the assignment of somebody else, and by nobody else', async () => {
  const common = await give({}, tenant);
  const [student] = students;
  const of = (id: string, { userId }: Member): string => `/assignments/${id}/submissions/${userId}/extension`;
  await app.as(ada).put(of(common.assignmentId, student!)).send(later).expect(200);
  const [bens] = await createStudents(app.database, ben, [{}]);
  await handOut(app.database, common, [bens!]);
  await handOut(app.database, assignment, [bens!]);
  const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
  for (const [as, who, what] of [
    [ben, student, common],
    [ada, bens, common],
    [ada, bens, assignment],
    [stranger, student, common],
    [ben, student, assignment],
  ] as const) {
    const { body } = await app.as(as).put(of(what.assignmentId, who!)).send(later).expect(404);
    expect(body.code).toBe('submission_not_found');
    await app.as(as).delete(of(what.assignmentId, who!)).expect(404);
  }
  await app.as(ben).put(of(assignment.assignmentId, bens!)).send(later).expect(200);
  await app.as(student!).put(path).send(later).expect(403);
  await app.as('service', tenant).put(path).send(later).expect(403);
  // what was withdrawn is not there
  await app.database.run(
    `-- test.withdraw\nupdate submissions set withdrawn_at = '2026-03-02' where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, student!.userId],
  );
  await app.as(ada).put(path).send(later).expect(404);
  await app.as(ada).delete(path).expect(404);
});

it('is judged by the due date that is there once it is its turn', async () => {
  let granted: Promise<Response>;
  await app.database.transaction(async () => {
    await change(`due_at = '2026-03-20T12:00:00Z'`);
    granted = app
      .as(ada)
      .put(path)
      .send(later)
      .then((response) => response);
    await untilBlocked(app.app.get(Database), granted);
  });
  expect((await granted!).body).toMatchObject({ code: 'extension_not_later' });
});

it('ends up as the last of many who change it at once', async () => {
  const until = (day: number): string => `2026-03-${day}T12:00:00Z`;
  await app.as(ada).post('/accommodations').send({
    studentId: students[0]!.userId, extraDays: 3, reason: 'dyslexia', validFrom: '2026-01-01T00:00:00Z',
  }).expect(201); // prettier-ignore
  const [{ id }] = (await app.as(ada).get('/accommodations').expect(200)).body.data as [{ id: string }];
  for (let round = 0; round < 15; round++) {
    const answers = await Promise.all([
      app
        .as(ada)
        .put(path)
        .send({ until: until(12 + round), reason: 'ill' }),
      change(`due_at = $3`, until(10 + ((round * 7) % 16))),
      app
        .as(ada)
        .patch(`/accommodations/${id}`)
        .send({ extraDays: 1 + (round % 4) }),
      app
        .as('admin', tenant)
        .put(path)
        .send({ until: until(13 + round), reason: 'ill' }),
      change(`due_at = $3`, until(10 + ((round * 5) % 16))),
    ]);
    const states = answers.map((answer) => (typeof answer === 'number' ? answer : answer.status));
    expect(states.filter((status) => ![1, 200, 422].includes(status))).toEqual([]);
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(3);
  }
});

describe('for many', () => {
  const post = (body: object, status = 200): Promise<{ body: Record<string, unknown> }> =>
    app.as(ada).post(`/assignments/${assignment.assignmentId}/extensions`).send(body).expect(status);

  it('goes by ids, with a dry run and a result for each; the same again changes nothing', async () => {
    const [bens] = await createStudents(app.database, ben, [{}]);
    const [idle] = await createStudents(app.database, ada, [{}]);
    const ids = [...students, bens!, idle!, students[0]!].map(({ userId }) => userId);
    const results = [
      ...students.map(({ userId: studentId }, index) => ({ row: index + 1, studentId, result: 'extended' })),
      { row: 4, result: 'student_not_found' },
      { row: 5, studentId: idle!.userId, result: 'not_assigned' },
    ];
    const request = { studentIds: ids, ...later };
    const { body } = await post({ ...request, dryRun: true });
    expect(body).toEqual({ dryRun: true, extended: 3, unchanged: 0, rejected: 2, results });
    expect(await stateOf()).toMatchObject({ rule: 'assignment', version: 1 });
    expect((await post({ ...request, allOrNothing: true })).body).toMatchObject({ extended: 0, rejected: 2 });
    expect(await stateOf()).toMatchObject({ rule: 'assignment', version: 1 });
    expect((await post(request)).body).toEqual({ ...body, dryRun: false });
    for (const student of students) expect(await stateOf(student)).toMatchObject({ rule: 'extension', version: 2 });
    expect((await post(request)).body).toMatchObject({ extended: 0, unchanged: 3, rejected: 2 });
    expect(await stateOf()).toMatchObject({ version: 2 });
  });

  it('goes by the filter, to those who have the assignment', async () => {
    await createStudents(app.database, ada, [{ name: 'Zora Idle' }]);
    const { body } = await post({ filter: {}, ...later });
    expect(body).toMatchObject({ extended: 3, rejected: 0 });
    expect((body['results'] as unknown[]).length).toBe(3);
    expect((await post({ filter: { search: 'zora' }, ...later })).body).toMatchObject({ extended: 0, results: [] });
  });

  it('goes by items, one at fault alone', async () => {
    const pid = 'P-1';
    await app.database.run(`-- test.setPid\nupdate users set pid = $3 where tenant_id = $1 and id = $2`, [
      tenant.tenantId,
      students[1]!.userId,
      pid,
    ]);
    const [one, two, three] = students.map(({ userId: studentId }) => ({ studentId }));
    const items = [
      one,
      { pid, until: '2026-03-15', reason: 'abroad' },
      { studentId: 'nobody' },
      { pid: 'P-2' },
      { ...three, until: '2026-02-30' },
      { ...three, until: '2026-03-09' },
      { ...one, until: '2026-03-20T00:00:00Z' },
      {},
      { ...two, pid },
      { ...one, pid },
      { ...three, until: due },
      // ends in another year, of five digits, where clocks are behind
      { ...three, until: '9999-12-31' },
    ];
    const { body } = await post({ items, ...later });
    expect((body['results'] as { result: string }[]).map(({ result }) => result)).toEqual([
      'extended', 'extended', 'student_invalid', 'student_not_found', 'until_invalid', 'extended', 'duplicate_row',
      'student_invalid', 'duplicate_row', 'student_not_found', 'duplicate_row', 'until_invalid',
    ]); // prettier-ignore
    expect(body).toMatchObject({ extended: 3, unchanged: 0, rejected: 9 });
    expect(await stateOf(students[0])).toMatchObject({ until: later.until, reason: later.reason });
    expect(await stateOf(students[1])).toMatchObject({ until: '2026-03-15T23:59:59.999Z', reason: 'abroad' });
    // the end of the day on which it is due anyway
    expect(await stateOf(students[2])).toMatchObject({ until: '2026-03-09T23:59:59.999Z', reason: later.reason });
  });

  it('wants one way to say who, and a date and a reason', async () => {
    const ids = { studentIds: [students[0]!.userId] };
    for (const [body, pointer] of [
      [later, '/studentIds'],
      [{ ...ids, filter: {}, ...later }, '/studentIds'],
      [{ ...ids, reason: 'ill' }, '/until'],
      [{ ...ids, until: later.until }, '/reason'],
      [{ items: Array(1_001).fill({}) }, '/items'],
      [{ items: [{}, { grade: 1 }], ...later }, '/items/1/grade'],
      [{ items: [{ pid: 5 }], ...later }, '/items/0/pid'],
      [{ studentIds: [], ...later }, '/studentIds'],
    ] as const) {
      expect((await post(body, 400)).body).toMatchObject({ errors: [{ pointer }] });
    }
    await app
      .as(ben)
      .post(`/assignments/${assignment.assignmentId}/extensions`)
      .send({ ...ids, ...later })
      .expect(404);
  });
});
