import { v7 as uuidv7 } from 'uuid';
import type { Department } from '../org/departments.repository.js';
import type { FoundPerson, KnownInstructor, KnownPerson } from './user-imports.repository.js';
import type { UserColumn } from './user-file.js';
import type { RowError, UserRow } from './user-row.js';

export interface RowPlan {
  readonly row: number;
  /** Null: this one is new. */
  readonly before: KnownPerson | null;
  readonly after: KnownPerson;
}

/** What the database knows about the rows of a file. */
export interface Knowledge {
  readonly people: readonly FoundPerson[];
  readonly instructors: readonly KnownInstructor[];
  readonly departments: readonly Department[];
  /** The departments of the students of each instructor among the people. */
  readonly rosters: readonly { readonly instructorId: string; readonly departmentId: string }[];
}

interface Terms {
  /** A service may not create or change administrators, nor take supervisors over. */
  readonly byService: boolean;
  /** The first day of who is new, where none is given. */
  readonly today: string;
}

/** Finds out what each row means for the person it is about, or why it can mean nothing. */
export class ImportPlanner {
  private readonly byPid: ReadonlyMap<string, FoundPerson>;
  private readonly byEmail: ReadonlyMap<string, FoundPerson>;
  private readonly instructors: ReadonlyMap<string, KnownInstructor>;
  private readonly instructorsById: ReadonlyMap<string, KnownInstructor>;
  private readonly codes: ReadonlyMap<string, Department>;
  private readonly departments: ReadonlyMap<string, Department>;

  /** @param taken by which rows people have been taken before; grows */
  constructor(
    private readonly known: Knowledge,
    private readonly terms: Terms,
    private readonly taken: Map<string, number>,
  ) {
    const { people, instructors, departments } = known;
    this.byPid = new Map(people.map((person) => [person.pid ?? '', person]));
    this.byEmail = new Map(people.map((person) => [person.email ?? '', person]));
    this.instructorsById = new Map(instructors.map((one) => [one.id, one]));
    const active = instructors.filter(({ isActive }) => isActive);
    // a number before an address, should one be written like the other
    this.instructors = new Map([
      ...active.map((one) => [one.email ?? '', one] as const),
      ...active.map((one) => [one.pid ?? '', one] as const),
    ]);
    this.codes = new Map(departments.filter(({ isActive }) => isActive).map((one) => [one.code, one]));
    this.departments = new Map(departments.map((one) => [one.id, one]));
  }

  plan(row: UserRow): RowPlan | RowError[] {
    const byEmail = this.byEmail.get(row.email ?? '-');
    const person = this.byPid.get(row.pid ?? '-') ?? byEmail ?? null;
    const errors: RowError[] = [];
    const refuse: Refuse = (column, code, detail) => void errors.push({ column, code, detail });

    const earlier = person && this.taken.get(person.id);
    if (earlier) refuse('pid', 'row_repeated', `is about the person of row ${earlier}`);
    if (person && person.role !== row.role) refuse('role', 'role_fixed', `this person's role is ${person.role}`);
    if (byEmail && byEmail !== person) refuse('email', 'email_taken', 'another person has this address');
    this.checkAdmin(row, person, refuse);
    const departmentId = this.departmentOf(row, person, refuse);
    if (this.terms.byService && person?.isSupervisor) checkSupervisor({ ...row, departmentId }, person, refuse);
    const instructorId = this.instructorOf(row, person, departmentId, refuse);
    if (errors.length > 0) return errors;

    const after: KnownPerson = {
      id: person?.id ?? uuidv7(),
      role: row.role,
      name: row.name,
      email: row.email ?? person?.email ?? null,
      pid: row.pid ?? person?.pid ?? null,
      rank: row.rank ?? person?.rank ?? null,
      phone: row.phone ?? person?.phone ?? null,
      departmentId,
      instructorId,
      joinedOn: row.joinedOn ?? person?.joinedOn ?? this.terms.today,
      isActive: row.isActive ?? person?.isActive ?? true,
    };
    this.taken.set(after.id, row.row);
    return { row: row.row, before: person, after };
  }

  private checkAdmin({ role, isActive }: UserRow, person: KnownPerson | null, refuse: Refuse): void {
    if (role !== 'admin') return;
    if (this.terms.byService) refuse('role', 'permission_denied', 'a service may not create or change administrators');
    if (person?.isActive && isActive === false) {
      refuse('isActive', 'admin_protected', 'administrators are deactivated one by one');
    }
  }

  private departmentOf({ role, department }: UserRow, person: KnownPerson | null, refuse: Refuse): string | null {
    const named = department === undefined ? undefined : this.codes.get(department);
    const departmentId = named?.id ?? person?.departmentId ?? null;
    if (department !== undefined && !named) {
      refuse('department', 'department_unknown', 'there is no active department with this code');
    } else if (departmentId === null && role !== 'admin') {
      refuse('department', 'value_missing', 'must be given for who is new');
    }
    const roster = this.known.rosters.filter(({ instructorId }) => instructorId === person?.id);
    if (departmentId !== null && roster.some((student) => !this.isWithin(student.departmentId, departmentId))) {
      refuse('department', 'instructor_department_mismatch', 'this instructor has students who are not below it');
    }
    return departmentId;
  }

  private instructorOf(
    row: UserRow,
    person: KnownPerson | null,
    departmentId: string | null,
    refuse: Refuse,
  ): string | null {
    const { role, instructor } = row;
    const named = instructor === undefined ? undefined : this.instructorCalled(instructor);
    const instructorId = named?.id ?? person?.instructorId ?? null;
    const isActive = row.isActive ?? person?.isActive ?? true;
    const responsible = instructorId && this.instructorsById.get(instructorId);
    if (instructor !== undefined && role !== 'student') {
      refuse('instructor', 'instructor_not_allowed', 'only a student has an instructor');
    } else if (instructor !== undefined && !named) {
      refuse('instructor', 'instructor_unknown', 'there is no active instructor with this address or number');
    } else if (isActive && responsible && departmentId && !this.isWithin(departmentId, responsible.departmentId)) {
      const detail = "the instructor's department is neither the student's nor above it";
      refuse(instructor === undefined ? 'department' : 'instructor', 'instructor_department_mismatch', detail);
    }
    return instructorId;
  }

  private instructorCalled(name: string): KnownInstructor | undefined {
    return this.instructors.get(name) ?? this.instructors.get(name.toLowerCase());
  }

  private isWithin(departmentId: string, aboveId: string): boolean {
    return this.departments.get(departmentId)?.path.includes(aboveId) ?? false;
  }
}

function checkSupervisor(
  { email, pid, phone, departmentId }: Pick<UserRow, 'email' | 'pid' | 'phone'> & Pick<KnownPerson, 'departmentId'>,
  person: KnownPerson,
  refuse: Refuse,
): void {
  const detail = 'a service may not change this of a supervisor';
  if (email !== undefined && email !== person.email) refuse('email', 'permission_denied', detail);
  if (pid !== undefined && pid !== person.pid) refuse('pid', 'permission_denied', detail);
  if (phone !== undefined && phone !== person.phone) refuse('phone', 'permission_denied', detail);
  if (departmentId !== person.departmentId) refuse('department', 'permission_denied', detail);
}

type Refuse = (column: UserColumn, code: string, detail: string) => void;

export function isUnchanged({ before, after }: RowPlan): boolean {
  return before !== null && (Object.keys(after) as (keyof KnownPerson)[]).every((key) => before[key] === after[key]);
}
