import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { type Assignment, createAssignment } from '../../test/factories.assignments.js';
import {
  createAdmin, createDepartment, createInstructor, createStudent, createStudents, createTenant, type Member,
  type Person, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { Outbox } from '../jobs/outbox.js';
import { HandOutJobs } from './hand-outs.jobs.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let colleague: Member;
let first: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  colleague = await createInstructor(app.database, department);
  first = await createStudent(app.database, instructor);
});

const follow = (of: TestApp = app, signal = new AbortController().signal) =>
  of.app.get(HandOutJobs).followFilters({
    job: 'assignments.follow-filters',
    tenantId: tenant.tenantId,
    key: '',
    occasion: 'tick',
    payload: {},
    attempt: 1,
    signal,
  });
const give = async (
  assignment: Assignment,
  body: object,
  viewer: Member | Person = instructor,
): Promise<{ id: string; given: number }> =>
  (await app.as(viewer).post(`/assignments/${assignment.assignmentId}/hand-outs`).send(body).expect(200)).body;
const handOutsOf = async ({ assignmentId }: Assignment, viewer: Member | Person = instructor) =>
  (await app.as(viewer).get(`/assignments/${assignmentId}/hand-outs`).expect(200)).body.data;
const holdersOf = async ({ tenantId, assignmentId }: Assignment): Promise<string[]> => {
  const rows = await app.database.many<{ id: string }>(
    `-- test.holders
    select student_id as id from submissions where tenant_id = $1 and assignment_id = $2 and withdrawn_at is null
    order by 1`,
    [tenantId, assignmentId],
  );
  return rows.map(({ id }) => id);
};
const told = async (): Promise<string[]> => {
  const rows = await app.database.many<{ id: string }>(
    `-- test.told
    select jsonb_array_elements_text(payload -> 'studentIds') as id from outbox
    where tenant_id = $1 and topic = 'assignments.handed-out' order by 1`,
    [tenant.tenantId],
  );
  return rows.map(({ id }) => id);
};
const idsOf = (...people: Member[]): string[] => people.map(({ userId }) => userId).sort();

it('gives it to those who come to match, and only by a dynamic hand-out', async () => {
  const [dynamic, frozen] = [
    await createAssignment(app.database, instructor),
    await createAssignment(app.database, instructor),
  ];
  await give(dynamic, { filter: { joinedFrom: '2026-01-01' }, isDynamic: true });
  await give(frozen, { filter: {} });
  expect(await holdersOf(dynamic)).toEqual([]);
  const second = await createStudent(app.database, instructor, { joinedOn: '2026-02-01' });
  await createStudent(app.database, colleague, { joinedOn: '2026-02-01' });
  expect(await follow()).toEqual({ handOuts: 1, given: 1 });
  expect(await holdersOf(dynamic)).toEqual([second.userId]);
  expect(await holdersOf(frozen)).toEqual([first.userId]);
  expect(await handOutsOf(dynamic)).toMatchObject([{ isDynamic: true, endedAt: null, students: 1 }]);
  const { body } = await app.as(instructor).get(`/students/${second.userId}`).expect(200);
  expect(body).toMatchObject({ assignmentsAssigned: 1, completionRate: 0 });
  expect(await told()).toEqual(idsOf(first, second));
  expect(await follow()).toEqual({ handOuts: 1, given: 0 });
});

it("keeps a segment's filter as it was", async () => {
  const assignment = await createAssignment(app.database, instructor);
  const segment = await app
    .as(instructor)
    .post('/segments')
    .send({ name: 'New', filter: { search: 'Zoe' } })
    .expect(201);
  await give(assignment, { segmentId: segment.body.id, isDynamic: true });
  await app.as(instructor).patch(`/segments/${segment.body.id}`).send({ filter: {} }).expect(200);
  const zoe = await createStudent(app.database, instructor, { name: 'Zoe' });
  await createStudent(app.database, instructor, { name: 'Ida' });
  await follow();
  expect(await holdersOf(assignment)).toEqual([zoe.userId]);
  expect((await handOutsOf(assignment))[0].filter).toEqual({ search: 'Zoe' });
});

it('does not give back what was withdrawn', async () => {
  const assignment = await createAssignment(app.database, instructor);
  await give(assignment, { filter: {}, isDynamic: true });
  const path = `/assignments/${assignment.assignmentId}`;
  await app
    .as(instructor)
    .post(`${path}/withdraw`)
    .send({ studentIds: [first.userId] })
    .expect(200);
  await follow();
  expect(await holdersOf(assignment)).toEqual([]);
});

it('is followed once, and ends when told so', async () => {
  const assignment = await createAssignment(app.database, instructor);
  const wanted = { filter: { search: 'nobody here' }, isDynamic: true };
  const answers = await Promise.all(Array.from({ length: 4 }, () => give(assignment, wanted)));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  const [{ id }] = await handOutsOf(assignment);
  const path = `/assignments/${assignment.assignmentId}/hand-outs`;
  await app.as(colleague).delete(`${path}/${id}`).expect(404);
  await app.as(first).delete(`${path}/${id}`).expect(403);
  await app.as(instructor).delete(`${path}/${assignment.assignmentId}`).expect(404);
  await app.as(instructor).delete(`${path}/${id}`).expect(204);
  await app.as(instructor).delete(`${path}/${id}`).expect(204);
  expect((await handOutsOf(assignment))[0].endedAt).toBe('2026-03-02T08:00:00Z');
  expect(await follow()).toEqual({ handOuts: 0, given: 0 });
  const frozen = await give(assignment, { filter: {} });
  const { body } = await app.as(instructor).delete(`${path}/${frozen.id}`).expect(409);
  expect(body.code).toBe('hand_out_frozen');
  // with the same filter, by then, it begins anew
  expect((await give(assignment, wanted)).id).not.toBe(id);
});

it('is followed once, in whatever case its ids are written', async () => {
  const assignment = await createAssignment(app.database, instructor);
  const departmentId = tenant.departmentId;
  const upper = departmentId.toUpperCase();
  const ways = [{ departmentId }, { departmentId: upper }, { filter: { departmentId: upper } }];
  for (const way of ways) await give(assignment, { ...way, isDynamic: true });
  expect(await handOutsOf(assignment)).toMatchObject([{ filter: { departmentId } }]);
});

it('goes by what whoever handed out may see by then', async () => {
  const supervisor = await createInstructor(app.database, instructor, { canViewAll: true });
  const assignment = await createAssignment(app.database, supervisor);
  await give(assignment, { filter: {}, isDynamic: true }, supervisor);
  expect(await holdersOf(assignment)).toEqual([first.userId]);
  await app.database.run(
    `-- test.demote
    update instructor_profiles set can_view_all = false where tenant_id = $1 and user_id = $2`,
    [tenant.tenantId, supervisor.userId],
  );
  await createStudent(app.database, instructor);
  const own = await createStudent(app.database, { ...supervisor });
  await follow();
  expect(await holdersOf(assignment)).toEqual(idsOf(first, own));
});

describe('ends by itself, and gives nothing more, when whoever handed out', () => {
  let assignment: Assignment;
  beforeEach(async () => {
    assignment = await createAssignment(app.database, instructor);
    await give(assignment, { filter: {}, isDynamic: true });
    await createStudent(app.database, instructor);
  });
  const expectEnded = async (): Promise<void> => {
    await follow();
    expect(await holdersOf(assignment)).toEqual([first.userId]);
    const admin = await createAdmin(app.database, tenant);
    expect(await handOutsOf(assignment, admin)).toMatchObject([{ endedAt: '2026-03-02T08:00:00Z' }]);
  };

  it('is not active any more', async () => {
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [tenant.tenantId, instructor.userId],
    );
    await expectEnded();
  });

  it('no longer owns it', async () => {
    await app.database.run(
      `-- test.disown
      update assignments set owner_id = $3 where tenant_id = $1 and id = $2`,
      [tenant.tenantId, assignment.assignmentId, colleague.userId],
    );
    await expectEnded();
  });

  it('may not hand out any more', async () => {
    await app.database.run(
      `-- test.deny
      update instructor_profiles set can_assign = false where tenant_id = $1 and user_id = $2`,
      [tenant.tenantId, instructor.userId],
    );
    await expectEnded();
  });
});

it('gives nothing of what is over, and goes on when it is taken up again', async () => {
  const assignment = await createAssignment(app.database, instructor);
  await give(assignment, { filter: {}, isDynamic: true });
  const setStatus = (status: string): Promise<number> =>
    app.database.run(
      `-- test.setStatus
      update assignments set status = $3 where tenant_id = $1 and id = $2`,
      [tenant.tenantId, assignment.assignmentId, status],
    );
  await setStatus('completed');
  const second = await createStudent(app.database, instructor);
  await follow();
  expect(await holdersOf(assignment)).toEqual([first.userId]);
  await setStatus('active');
  await follow();
  expect(await holdersOf(assignment)).toEqual(idsOf(first, second));
});

it('reaches the tenant for a service', async () => {
  const assignment = await createAssignment(app.database, tenant);
  const service = app.as('service', tenant);
  const path = `/assignments/${assignment.assignmentId}/hand-outs`;
  await service.post(path).send({ filter: {}, isDynamic: true }).expect(200);
  const second = await createStudent(app.database, colleague);
  await follow();
  expect(await holdersOf(assignment)).toEqual(idsOf(first, second));
  const { body } = await service.get(path).expect(200);
  expect(body.data).toMatchObject([{ createdById: null, students: 2 }]);
});

it('gives each once when two do it at once, and goes on after one that was cut off', async () => {
  const assignment = await createAssignment(app.database, instructor);
  await give(assignment, { filter: {}, isDynamic: true });
  // three chunks: 1,000, 1,000 and 400
  const fresh = await createStudents(
    app.database,
    instructor,
    Array.from({ length: 2_400 }, () => ({})),
  );
  const cut = new AbortController();
  const begun = follow(app, cut.signal);
  while ((await holdersOf(assignment)).length < 1_000) await sleep(5);
  cut.abort(new Error('cut off'));
  await expect(begun).rejects.toThrow('cut off');
  const other = await startApp({ db: app.db });
  try {
    await Promise.all([follow(), follow(other), follow(), follow(other)]);
  } finally {
    await other.stop();
  }
  expect(await holdersOf(assignment)).toEqual(idsOf(first, ...fresh));
  expect(await told()).toEqual(idsOf(first, ...fresh));
  const { body } = await app.as(instructor).get(`/students?assignmentId=${assignment.assignmentId}`).expect(200);
  expect(body.pagination.total).toBe(2_401);
}, 60_000);

it('follows by itself when a day has been closed', async () => {
  const worker = await startApp({ worker: true });
  try {
    const place = await createInstructor(worker.database, await createTenant(worker.database));
    const assignment = await createAssignment(worker.database, place);
    const path = `/assignments/${assignment.assignmentId}/hand-outs`;
    await worker.as(place).post(path).send({ filter: {}, isDynamic: true }).expect(200);
    await createStudent(worker.database, place);
    await worker.app.get(Outbox).append(place.tenantId, 'activity.day-closed', '2026-03-01', { day: '2026-03-01' });
    for (let tries = 0; tries < 500; tries++) {
      const { body } = await worker.as(place).get(path).expect(200);
      if (body.data[0].students === 1) return;
      await sleep(40);
    }
    throw new Error('waited in vain');
  } finally {
    await worker.stop();
  }
}, 60_000);
