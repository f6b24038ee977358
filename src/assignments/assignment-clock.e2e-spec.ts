import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { followClock } from '../jobs/catalogue.js';
import { OutboxRepository } from '../jobs/outbox.repository.js';
import { AssignmentClockJobs } from './assignment-clock.jobs.js';

jest.setTimeout(120_000);

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
});
afterEach(() => app.stop());

const follow = (of: TestApp = app) =>
  of.app.get(AssignmentClockJobs).followClock({
    job: 'assignments.follow-clock',
    tenantId: null,
    key: '',
    occasion: 'tick',
    payload: {},
    attempt: 1,
    signal: new AbortController().signal,
  });

interface Told {
  readonly assignmentId: string;
  readonly studentIds: readonly string[];
}
const told = async (topic: string): Promise<Told[]> => {
  const rows = await app.database.many<{ payload: Told }>(
    `-- test.told
    select payload from outbox where tenant_id = $1 and topic = $2 order by id`,
    [tenant.tenantId, `assignments.${topic}`],
  );
  return rows.map(({ payload }) => payload);
};
const studentsTold = async (topic: string): Promise<string[]> =>
  (await told(topic)).flatMap(({ studentIds }) => studentIds).sort();
const idsOf = (people: readonly Member[]): string[] => people.map(({ userId }) => userId).sort();
const change = (assignment: Assignment, { userId }: Member, set: string): Promise<number> =>
  app.database.run(
    `-- test.changeWork
    update submissions set ${set} where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignment.assignmentId, userId],
  );
const submitted = `attempts_started = 1, attempts_submitted = 1, first_submitted_at = '2026-03-02',
  last_submitted_at = '2026-03-02'`;

it('opens what has become available, once, and counts it from then on', async () => {
  const students = await createStudents(app.database, instructor, [{}, {}, { isActive: false }]);
  const opening = await createAssignment(app.database, instructor, { availableFrom: '2026-03-02T09:00:00Z' });
  const paused = await createAssignment(app.database, instructor, {
    availableFrom: '2026-03-02T09:00:00Z',
    status: 'paused',
  });
  const later = await createAssignment(app.database, instructor, { availableFrom: '2026-03-02T09:00:01Z' });
  const draft = await createAssignment(app.database, instructor, {
    availableFrom: '2026-03-02T09:00:00Z',
    status: 'draft',
  });
  for (const one of [opening, paused, later, draft]) {
    const path = `/assignments/${one.assignmentId}/hand-outs`;
    await app.as(instructor).post(path).send({ filter: {} }).expect(200);
  }
  const counted = async () =>
    (await app.as(instructor).get('/students').expect(200)).body.data.map(
      ({ assignmentsAssigned }: { assignmentsAssigned: number }) => assignmentsAssigned,
    );
  expect(await counted()).toEqual([0, 0]);
  expect(await follow()).toMatchObject({ opened: 0 });
  app.clock.set('2026-03-02T09:00:00Z');
  expect(await follow()).toMatchObject({ opened: 2 });
  expect(await follow()).toMatchObject({ opened: 0 });
  expect((await told('opened')).map(({ assignmentId }) => assignmentId).sort()).toEqual(
    [opening.assignmentId, paused.assignmentId].sort(),
  );
  // what stood in the cache is out of it
  expect(await counted()).toEqual([2, 2]);
  expect(students).toHaveLength(3);
});

it('tells once for each due date that work is due soon, and that it is overdue', async () => {
  const [due, extended, done, excused, gone] = await createStudents(app.database, instructor, [{}, {}, {}, {}, {}]);
  const assignment = await createAssignment(app.database, instructor, { dueAt: '2026-03-06T12:00:00Z' });
  await handOut(app.database, assignment, [due!, extended!, done!, excused!, gone!]);
  await change(assignment, done!, submitted);
  await change(assignment, excused!, "exemption = 'excused'");
  await change(assignment, gone!, "withdrawn_at = '2026-03-02'");
  await change(assignment, extended!, "extended_until = '2026-03-07T12:00:00Z'");

  app.clock.set('2026-03-03T12:00:00Z'); // 72 h before: the range ends just before that
  expect(await follow()).toMatchObject({ dueSoon: 0, overdue: 0 });
  app.clock.set('2026-03-03T12:01:00Z');
  expect(await follow()).toMatchObject({ dueSoon: 1 });
  expect(await told('due-soon')).toEqual([{ assignmentId: assignment.assignmentId, studentIds: [due!.userId] }]);
  app.clock.set('2026-03-06T12:01:00Z');
  expect(await follow()).toMatchObject({ dueSoon: 1, overdue: 1 });
  expect(await follow()).toMatchObject({ dueSoon: 0, overdue: 0 });
  expect(await studentsTold('overdue')).toEqual([due!.userId]);
  expect(await studentsTold('due-soon')).toEqual([due!.userId, extended!.userId].sort());

  // a later date arms it anew
  await change(assignment, due!, "extended_until = '2026-03-08T12:00:00Z'");
  expect(await follow()).toMatchObject({ dueSoon: 1, overdue: 0 });
  app.clock.set('2026-03-08T12:01:00Z');
  expect(await follow()).toMatchObject({ dueSoon: 0, overdue: 2 });
  expect(await studentsTold('overdue')).toEqual([due!.userId, due!.userId, extended!.userId].sort());
});

it('tells nobody who has left, and nothing of what is paused', async () => {
  const students = await createStudents(app.database, instructor, [{}, { isActive: false }]);
  const assignment = await createAssignment(app.database, instructor, { dueAt: '2026-03-01T12:00:00Z' });
  const paused = await createAssignment(app.database, instructor, {
    dueAt: '2026-03-01T12:00:00Z',
    status: 'paused',
  });
  for (const one of [assignment, paused]) await handOut(app.database, one, students);
  expect(await follow()).toMatchObject({ dueSoon: 0, overdue: 1 });
  expect(await studentsTold('overdue')).toEqual([students[0]!.userId]);
});

/** 2,500 students: three chunks. One assignment opens now, one is due soon, one is overdue. */
async function arrange(now: Date): Promise<{ students: Member[]; opening: Assignment }> {
  const at = (hours: number): string => new Date(now.getTime() + hours * 3_600_000).toISOString();
  const students = await createStudents(
    app.database,
    instructor,
    Array.from({ length: 2_500 }, () => ({})),
  );
  const opening = await createAssignment(app.database, instructor, { availableFrom: at(-1), dueAt: null });
  const dueSoon = await createAssignment(app.database, instructor, { dueAt: at(24) });
  const overdue = await createAssignment(app.database, instructor, { dueAt: at(-24) });
  for (const one of [dueSoon, overdue, opening]) await handOut(app.database, one, students);
  await app.database.run(
    `-- test.uncount
    update student_progress set assignments_assigned = 2 where tenant_id = $1`,
    [tenant.tenantId],
  );
  return { students, opening };
}

async function expectComplete(students: readonly Member[], opening: Assignment): Promise<void> {
  expect(await studentsTold('due-soon')).toEqual(idsOf(students));
  expect(await studentsTold('overdue')).toEqual(idsOf(students));
  expect(await told('opened')).toEqual([{ assignmentId: opening.assignmentId }]);
  expect(await countsOf()).toEqual([{ assigned: 3, students: 2_500 }]);
}
const countsOf = (): Promise<object[]> =>
  app.database.many(
    `-- test.counts
    select assignments_assigned as assigned, count(*) as students from student_progress where tenant_id = $1
    group by 1 order by 1`,
    [tenant.tenantId],
  );

it('does nothing twice when several do it at once', async () => {
  const { students, opening } = await arrange(app.clock.now());
  const other = await startApp({ db: app.db });
  try {
    await Promise.all([follow(), follow(other), follow(), follow(other)]);
  } finally {
    await other.stop();
  }
  await expectComplete(students, opening);
});

function startWorker() {
  const child = spawn(process.execPath, ['--import', './test/typescript.js', 'src/worker.ts'], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'test',
      LOG_LEVEL: 'error',
      ...app.db.environment,
      DATA_DIR: app.config.dataDir,
    },
    stdio: 'inherit',
  });
  return { child, exited: once(child, 'exit') };
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error('waited in vain');
}

it('is complete, and has told nothing twice, after a worker was killed in the middle', async () => {
  const { students, opening } = await arrange(new Date());
  // a student of the last chunk is held: the worker stands still in the middle of opening
  const holder = app.db.source.createQueryRunner();
  await holder.startTransaction();
  await holder.query('select from student_progress where tenant_id = $1 and student_id = $2 for update', [
    tenant.tenantId,
    idsOf(students).at(-1),
  ]);
  const tick = { key: 'tick-20260302T080000Z', payload: {} };
  await new OutboxRepository(app.database).insert(null, followClock.name, [tick], new Date());
  const killed = startWorker();
  try {
    // the first two chunks are counted
    await until(async () => JSON.stringify(await countsOf()).includes('{"assigned":2,"students":500}'));
    killed.child.kill('SIGKILL');
    await killed.exited;
    await holder.rollbackTransaction();
  } finally {
    killed.child.kill('SIGKILL');
    await holder.release();
  }
  // the last chunk is not, and nothing is open
  expect(await countsOf()).toContainEqual({ assigned: 2, students: 500 });
  expect(await told('opened')).toEqual([]);

  const second = startWorker();
  try {
    await until(async () => (await studentsTold('overdue')).length >= 2_500);
  } finally {
    second.child.kill('SIGKILL');
    await second.exited;
  }
  await follow();
  await expectComplete(students, opening);
});
