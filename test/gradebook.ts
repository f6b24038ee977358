import type { Database } from '../src/database/database.js';
import { type Assignment, type AssignmentOptions, createAssignment, handOut } from './factories.assignments.js';
import {
  createAdmin,
  createInstructor,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Person,
  type Tenant,
} from './factories.js';

/** Four students of one instructor and one of another, and what became of their work by 2 March 2026, 08:00. */
export interface Gradebook {
  readonly tenant: Tenant;
  readonly instructor: Member;
  readonly sibling: Member;
  readonly supervisor: Member;
  readonly admin: Person;
  readonly people: readonly Member[];
  readonly other: Member;
  readonly radio: Assignment;
  readonly essay: Assignment;
  readonly theirs: Assignment;
}

/** Sets columns of a submission. */
export async function setWork(
  database: Database,
  { tenantId, assignmentId }: Assignment,
  { userId }: { readonly userId: string },
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(fields);
  await database.run(
    `-- test.setWork
    update submissions set ${names.map((name, index) => `${name} = $${index + 4}`).join(', ')}
    where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenantId, assignmentId, userId, ...Object.values(fields)],
  );
}

/** Columns of a submission with one attempt. */
export const submitted = (at: string, score: number | null): Record<string, unknown> => ({
  attempts_started: 1,
  attempts_submitted: 1,
  started_at: at,
  first_submitted_at: at,
  last_submitted_at: at,
  attempt_score: score,
});

const options = {
  radio: { title: 'Radio', dueAt: '2026-02-20T12:00:00Z', weight: 1 },
  codes: { title: 'Codes', dueAt: '2026-02-27T12:00:00Z', availableUntil: '2026-02-28T12:00:00Z', weight: 3 },
  essay: { title: 'Essay', dueAt: '2026-03-09T12:00:00Z', weight: 0.5, needsGrading: true },
  later: { title: 'Later', dueAt: null, availableFrom: '2026-03-05T12:00:00Z' },
} as const satisfies Readonly<Record<string, AssignmentOptions>>;

export async function createGradebook(database: Database): Promise<Gradebook> {
  const tenant = await createTenant(database);
  const instructor = await createInstructor(database, tenant);
  const sibling = await createInstructor(database, tenant);
  const supervisor = await createInstructor(database, tenant, { canViewAll: true });
  const admin = await createAdmin(database, tenant);
  const people = await createStudents(database, instructor, [
    { name: 'Ada Abel', pid: 'P-1' },
    { name: 'Ben Berg', pid: '=1+1' },
    { name: '=HYPERLINK("http://evil.example","x")' },
    { name: 'Dora "D", Dahl' },
  ]);
  const other = await createStudent(database, sibling, { name: 'Zoe Zorn' });
  const radio = await createAssignment(database, instructor, options.radio);
  const codes = await createAssignment(database, instructor, options.codes);
  const essay = await createAssignment(database, instructor, options.essay);
  const later = await createAssignment(database, tenant, options.later);
  const theirs = await createAssignment(database, sibling, { title: 'Theirs' });
  const draft = await createAssignment(database, instructor, { title: 'Draft', status: 'draft' });
  await handOut(database, radio, [...people, other]);
  await handOut(database, codes, people.slice(0, 3));
  await handOut(database, essay, people);
  await handOut(database, later, [...people, other]);
  await handOut(database, theirs, [other]);
  await handOut(database, draft, people);
  const [ada, ben, , dora] = people as [Member, Member, Member, Member];
  await setWork(database, radio, ada, submitted('2026-02-19T10:00:00Z', 80));
  await setWork(database, radio, ben, submitted('2026-02-21T10:00:00Z', 50));
  await setWork(database, radio, dora, { ...submitted('2026-02-19T10:00:00Z', 10), exemption: 'exempt' });
  await setWork(database, radio, other, submitted('2026-02-19T10:00:00Z', 0));
  await setWork(database, codes, ada, {
    ...submitted('2026-02-25T10:00:00Z', 60),
    grade: 90,
    grade_penalty: 10,
    graded_at: '2026-02-26',
  });
  await setWork(database, essay, ada, submitted('2026-03-01T10:00:00Z', null));
  await setWork(database, essay, ben, { exemption: 'excused' });
  await setWork(database, later, dora, { withdrawn_at: '2026-02-10' });
  return { tenant, instructor, sibling, supervisor, admin, people, other, radio, essay, theirs };
}
