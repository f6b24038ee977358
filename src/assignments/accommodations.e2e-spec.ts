import { startApp, type TestApp } from '../../test/app.js';
import { expectDueDates } from '../../test/due-dates.js';
import {
  createDepartment,
  createInstructor,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import { type AssignmentOptions, createAssignment, handOut } from '../../test/factories.assignments.js';
import { AsyncResource } from 'node:async_hooks';
import { v7 as uuidv7 } from 'uuid';
import { untilBlocked } from '../../test/blocked.js';
import { Database } from '../database/database.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { AccommodationsRepository } from './accommodations.repository.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let ben: Member;
let head: Member;
let student: Member;
const log: string[] = [];

beforeAll(async () => {
  app = await startApp({ log });
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department);
  ben = await createInstructor(app.database, department);
  head = await createInstructor(app.database, tenant, { canViewAll: true });
  student = await createStudent(app.database, ada);
});

/** Valid from the first of February on, when the factories hand out. */
const terms = (fields: object = {}): object => ({
  studentId: student.userId,
  timeFactor: 1.5,
  reason: 'dyslexia',
  validFrom: '2026-02-01T00:00:00Z',
  ...fields,
});
const create = async (fields: object = {}): Promise<{ id: string; version: number }> =>
  (await app.as(ada).post('/accommodations').send(terms(fields)).expect(201)).body as { id: string; version: number };
const give = async (options: AssignmentOptions = {}, whom = [student]): Promise<string> => {
  const assignment = await createAssignment(app.database, ada, options);
  await handOut(app.database, assignment, whom);
  return assignment.assignmentId;
};
const dueOf = async (assignmentId: string, { userId } = student): Promise<[string | null, string | null]> => {
  const { at, rule } = await app.database.one<{ at: string | null; rule: string | null }>(
    `-- test.dueOf
    select effective_due_at as at, due_rule as rule from submissions
    where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignmentId, userId],
  );
  return [at, rule];
};
const moveDue = (assignmentId: string, dueAt: string | null): Promise<number> =>
  app.database.run(`-- test.moveDue\nupdate assignments set due_at = $3 where tenant_id = $1 and id = $2`, [
    tenant.tenantId,
    assignmentId,
    dueAt,
  ]);

/** What is begun here is no part of a transaction, wherever it is called. */
const outside = AsyncResource.bind((work: () => Promise<void>) => work());

describe('an accommodation', () => {
  it('is given, listed, changed and ended by whoever has the student', async () => {
    const { body: made } = await app
      .as(ada)
      .post('/accommodations')
      .send(terms({ extraDays: 2 }))
      .expect(201);
    expect(made).toMatchObject({
      studentId: student.userId, studentName: student.name, timeFactor: 1.5, extraDays: 2, reason: 'dyslexia',
      validFrom: '2026-02-01T00:00:00Z', validTo: null, endedAt: null, createdBy: ada.userId, version: 1,
    }); // prettier-ignore
    const list = async (as: Member, query = ''): Promise<unknown[]> =>
      ((await app.as(as).get(`/accommodations${query}`).expect(200)).body as { data: unknown[] }).data;
    expect(await list(ada)).toEqual([made]);
    expect(await list(head, `?studentId=${student.userId}`)).toEqual([made]);
    expect(await list(ben)).toEqual([]);
    expect(await list(ben, `?studentId=${student.userId}`)).toEqual([]);

    const change = { timeFactor: 2, validTo: '2026-04-01T00:00:00Z' };
    const path = `/accommodations/${made.id}`;
    const { body: changed } = await app.as(head).patch(path).set('if-match', '"1"').send(change).expect(200);
    expect(changed).toMatchObject({ ...change, extraDays: 2, reason: 'dyslexia', version: 2 });
    expect((await app.as(ada).patch(path).set('if-match', '"1"').send(change).expect(412)).body.code).toBe(
      'version_mismatch',
    );
    await app.as(ada).delete(path).expect(204);
    expect(await list(ada)).toMatchObject([
      { id: made.id, validTo: '2026-03-02T08:00:00Z', endedAt: '2026-03-02T08:00:00Z', version: 3 },
    ]);
    // twice is once, and what was ended stays as it is
    await app.as(ada).delete(path).expect(204);
    expect((await app.as(ada).patch(path).send({ extraDays: 3 }).expect(409)).body.code).toBe('accommodation_ended');
  });

  it('goes page by page, by number and by cursor', async () => {
    const students = await createStudents(app.database, ada, Array(5).fill({}));
    for (const { userId } of students) await create({ studentId: userId });
    const { body } = await app.as(ada).get('/accommodations?limit=2').expect(200);
    expect(body.pagination).toMatchObject({ total: 5, totalPages: 3, hasNext: true });
    const seen = [...body.data];
    for (let cursor = body.pagination.nextCursor; cursor;) {
      const { body: next } = await app.as(ada).get(`/accommodations?limit=2&cursor=${cursor}`).expect(200);
      seen.push(...next.data);
      cursor = next.pagination.nextCursor;
    }
    expect(new Set(seen.map(({ id }: { id: string }) => id)).size).toBe(5);
  });

  it('is nothing that a student, a service, another instructor or another tenant may see or touch', async () => {
    const { id } = await create();
    for (const client of [app.as(student), app.as('service', tenant)]) {
      await client.get('/accommodations').expect(403);
      await client.patch(`/accommodations/${id}`).send({ extraDays: 1 }).expect(403);
    }
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    for (const other of [ben, stranger]) {
      await app.as(other).patch(`/accommodations/${id}`).send({ extraDays: 1 }).expect(404);
      await app.as(other).delete(`/accommodations/${id}`).expect(404);
      expect((await app.as(other).post('/accommodations').send(terms()).expect(404)).body.code).toBe(
        'student_not_found',
      );
    }
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(0);
  });

  it.each([
    [{ timeFactor: 1 }, '/timeFactor'],
    [{ timeFactor: 0.5 }, '/timeFactor'],
    [{ timeFactor: 10.5 }, '/timeFactor'],
    [{ extraDays: 366 }, '/extraDays'],
    [{ extraDays: 1.5 }, '/extraDays'],
    [{ reason: ' ' }, '/reason'],
    [{ reason: undefined }, '/reason'],
    [{ validFrom: '2026-03-02' }, '/validFrom'],
    [{ validFrom: '0001-01-01T00:00:00+14:00' }, '/validFrom'],
    [{ validFrom: '9999-12-31T23:59:59-14:00' }, '/validFrom'],
    [{ validTo: '2026-02-01T00:00:00Z' }, '/validTo'],
    [{ validTo: '2026-01-01T00:00:00Z' }, '/validTo'],
  ])('is not taken with %j', async (fields, pointer) => {
    const { body } = await app.as(ada).post('/accommodations').send(terms(fields)).expect(400);
    expect(body.errors).toMatchObject([{ pointer }]);
  });

  it('leaves no two of one student at one time, whoever comes first', async () => {
    const answers = await Promise.all(
      [ada, head, ada, head].map((as) => app.as(as).post('/accommodations').send(terms())),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409)!.body as { code: string };
    expect(refused.code).toBe('accommodation_overlaps');
    const [{ id }] = (await app.as(ada).get('/accommodations').expect(200)).body.data as [{ id: string }];
    await app.as(ada).patch(`/accommodations/${id}`).send({ validTo: '2026-03-01T00:00:00Z' }).expect(200);
    // where one ends the next may begin
    await create({ validFrom: '2026-03-01T00:00:00Z' });
    expect((await app.as(ada).patch(`/accommodations/${id}`).send({ validTo: null }).expect(409)).body.code).toBe(
      'accommodation_overlaps',
    );
  });

  it('says why in its row, and in no audit and no log', async () => {
    const secret = 'a reason nobody else may read';
    const { id } = await create({ reason: secret });
    await app.as(ada).patch(`/accommodations/${id}`).send({ extraDays: 1 }).expect(200);
    await app.as(ada).delete(`/accommodations/${id}`).expect(204);
    await app.as(ada).get(`/accommodations?studentId=${student.userId}`).expect(200);
    const entries = await app.database.many<{ action: string; text: string }>(
      `-- test.audit
      select action, e::text as text from audit_entries e where tenant_id = $1 and target_id = $2 order by at, id`,
      [tenant.tenantId, student.userId],
    );
    expect(entries.map(({ action }) => action)).toEqual([
      'accommodation.created', 'accommodation.changed', 'accommodation.ended', 'accommodations.viewed',
    ]); // prettier-ignore
    expect(entries.filter(({ text }) => text.includes(secret))).toEqual([]);
    expect(log.length).toBeGreaterThan(0);
    expect(log.filter((line) => line.includes(secret))).toEqual([]);
  });
});

describe('a due date', () => {
  it('is so much later as the time from hand-out is longer, and by local days', async () => {
    const due = '2026-03-13T00:00:00Z';
    const assignmentId = await give({ dueAt: due });
    expect(await dueOf(assignmentId)).toEqual([due, 'assignment']);
    const { id } = await create({ timeFactor: 1.5, extraDays: 0 });
    // handed out on 1 February, 40 days before: 60 days after that
    expect(await dueOf(assignmentId)).toEqual(['2026-04-02T00:00:00Z', 'accommodation']);
    await app.as(ada).patch(`/accommodations/${id}`).send({ extraDays: 2 }).expect(200);
    expect(await dueOf(assignmentId)).toEqual(['2026-04-04T00:00:00Z', 'accommodation']);
    // from 3 March on it was open: 10 days, then 15
    await app.database.run(
      `-- test.open\nupdate assignments set available_from = '2026-03-03' where tenant_id = $1 and id = $2`,
      [tenant.tenantId, assignmentId],
    );
    expect(await dueOf(assignmentId)).toEqual(['2026-03-20T00:00:00Z', 'accommodation']);
    await moveDue(assignmentId, null);
    expect(await dueOf(assignmentId)).toEqual([null, null]);
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(1);
  });

  it('follows for what was handed out while the accommodation held, and for nothing else', async () => {
    const { id } = await create({ timeFactor: 1, extraDays: 1, validFrom: '2026-02-10T00:00:00Z' });
    const before = await give();
    expect(await dueOf(before)).toEqual(['2026-03-09T12:00:00Z', 'assignment']);
    await app.as(ada).patch(`/accommodations/${id}`).send({ validFrom: '2026-01-01T00:00:00Z' }).expect(200);
    expect(await dueOf(before)).toEqual(['2026-03-10T12:00:00Z', 'accommodation']);
    await app.as(ada).delete(`/accommodations/${id}`).expect(204);
    expect(await dueOf(before)).toEqual(['2026-03-10T12:00:00Z', 'accommodation']);
    // the factories hand out on 1 February; this was on 3 March, after it had ended
    const after = await give();
    await app.database.run(
      `-- test.assignLater\nupdate submissions set assigned_at = '2026-03-03' where tenant_id = $1 and assignment_id = $2`,
      [tenant.tenantId, after],
    );
    expect(await dueOf(after)).toEqual(['2026-03-09T12:00:00Z', 'assignment']);
    // one that has not begun never does
    const next = await create({ validFrom: '2026-05-01T00:00:00Z' });
    await app.as(ada).delete(`/accommodations/${next.id}`).expect(204);
    await create({ validFrom: '2026-03-02T08:00:00Z' });
    expect(await dueOf(after)).not.toEqual(['2026-03-09T12:00:00Z', 'assignment']);
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(2);
  });

  it.each([
    // 01:30 is skipped: it is 02:30 British summer time
    ['Europe/London', '2026-03-27T01:30:00Z', 2, '2026-03-29T01:30:00Z'],
    // 11:59 on the wall before and after, an hour less between
    ['Europe/London', '2026-03-28T11:59:00Z', 1, '2026-03-29T10:59:00Z'],
    // 01:30 comes twice, and is meant the second time
    ['Europe/London', '2026-10-24T00:30:00Z', 1, '2026-10-25T01:30:00Z'],
    ['Europe/London', '2026-10-24T11:00:00Z', 1, '2026-10-25T12:00:00Z'],
    // 02:30 is skipped: it is 03:30 eastern daylight time
    ['America/New_York', '2026-03-07T07:30:00Z', 1, '2026-03-08T07:30:00Z'],
    ['America/New_York', '2026-03-07T17:00:00Z', 1, '2026-03-08T16:00:00Z'],
    ['America/New_York', '2026-10-31T05:30:00Z', 1, '2026-11-01T06:30:00Z'],
  ])('keeps the time on the wall in %s: %s and %i days', async (timeZone, dueAt, extraDays, expected) => {
    const assignmentId = await give({ dueAt });
    await create({ timeFactor: 1, extraDays });
    await app.database.run(`-- test.moveZone\nupdate tenants set time_zone = $2 where id = $1`, [
      tenant.tenantId,
      timeZone,
    ]);
    expect(await dueOf(assignmentId)).toEqual([expected, 'accommodation']);
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(1);
  });

  it('goes by elapsed time where there is a factor alone, also into an hour that comes twice', async () => {
    const assignmentId = await give({ availableFrom: '2026-10-24T20:30:00Z', dueAt: '2026-10-24T22:30:00Z' });
    await create({ timeFactor: 2 });
    // half past one in summer time, and not an hour later in winter time
    expect(await dueOf(assignmentId)).toEqual(['2026-10-25T00:30:00Z', 'accommodation']);
  });

  it('follows a student who was found to be another', async () => {
    const twin = await createStudent(app.database, ada);
    const assignmentId = await give({}, [twin]);
    const later = await give({ dueAt: '2026-03-20T12:00:00Z' }, [twin]);
    // of both one from mid-February to March; of the twin also before and after that
    await create({ timeFactor: 2, validFrom: '2026-01-01T00:00:00Z', studentId: twin.userId });
    await create({ timeFactor: 1, extraDays: 4, validFrom: '2026-02-15T00:00:00Z', validTo: '2026-03-01T00:00:00Z' });
    await app.as('admin', tenant).post(`/users/${twin.userId}/merge`).send({ intoId: student.userId }).expect(200);
    const ids = [tenant.tenantId, twin.userId, student.userId] as const;
    await app.app.get(AccommodationsRepository).giveAway(...ids, app.clock.now());
    await app.database.run(
      `-- test.moveSubmissions\nupdate submissions set student_id = $3 where tenant_id = $1 and student_id = $2`,
      ids,
    );
    const { body } = await app.as(ada).get(`/accommodations?studentId=${student.userId}`).expect(200);
    const [from, to] = ['2026-02-15T00:00:00Z', '2026-03-01T00:00:00Z'];
    expect(body.data).toMatchObject([
      { timeFactor: 2, extraDays: 0, validFrom: to, validTo: null },
      { timeFactor: 2, extraDays: 4, validFrom: from, validTo: to },
      { timeFactor: 2, extraDays: 0, validFrom: '2026-01-01T00:00:00Z', validTo: from },
    ]);
    // 36.5 days from 1 February, twice: 73; and 47.5, twice: 95
    expect(await dueOf(assignmentId)).toEqual(['2026-04-15T00:00:00Z', 'accommodation']);
    expect(await dueOf(later)).toEqual(['2026-05-07T00:00:00Z', 'accommodation']);
    expect(await expectDueDates(app.database, tenant.tenantId)).toBe(2);
  });

  it('takes what is being handed out into account, and the other way round', async () => {
    // that of the application, so that its repositories join a transaction
    const database = app.app.get(Database);
    const { tenantId } = tenant;
    const assignment = await createAssignment(database, ada);
    const progress = app.app.get(ProgressRepository);
    const [first, second] = await createStudents(database, ada, [{}, {}]);
    const hand = async (userId: string): Promise<void> => {
      await progress.lock(tenantId, [userId]);
      await database.run(
        `-- test.handOutNow
        insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at)
        values ($1, $2, $3, '2026-03-02', '2026-03-02')`,
        [tenantId, assignment.assignmentId, userId],
      );
    };
    let granted: Promise<unknown>;
    await database.transaction(async () => {
      await hand(first!.userId);
      granted = create({ studentId: first!.userId });
      await untilBlocked(app.database, granted);
    });
    await granted!;
    let handed: Promise<void>;
    await database.transaction(async () => {
      const accommodations = app.app.get(AccommodationsRepository);
      await accommodations.lockStudent(ada, second!.userId);
      handed = outside(() => database.transaction(() => hand(second!.userId)));
      await untilBlocked(app.database, handed);
      const [validFrom, validTo] = ['2026-01-01T00:00:00Z', null];
      const wanted = {
        id: uuidv7(),
        studentId: second!.userId,
        timeFactor: 2,
        extraDays: 0,
        reason: 'ill',
        validFrom,
        validTo,
      };
      await accommodations.insert(ada, wanted, app.clock.now());
    });
    await handed!;
    for (const one of [first!, second!]) expect((await dueOf(assignment.assignmentId, one))[1]).toBe('accommodation');
    expect(await expectDueDates(database, tenantId)).toBe(2);
  });
});
