import { v7 as uuidv7 } from 'uuid';
import { permissionsOf } from '../src/auth/permissions.js';
import type { Database } from '../src/database/database.js';
import type { Viewer } from '../src/http/viewer.js';
import { installationId } from '../src/org/tenants.repository.js';

/** Rows as they are, with as little as a test must say. Where somebody or something belongs is said by a place. */
export interface Place {
  readonly tenantId: string;
  readonly departmentId: string;
}

export interface Tenant extends Place {
  readonly slug: string;
  readonly name: string;
  readonly timeZone: string;
}

/** A person, and the viewer that this person is: `app.as(person)`. */
export interface Person extends Viewer {
  readonly name: string;
  readonly email: string;
}

/** A person of a department, and so a place for others: a student belongs where the instructor does. */
export interface Member extends Person {
  readonly departmentId: string;
}

export interface PersonOptions {
  readonly name?: string;
  readonly email?: string;
  readonly pid?: string;
  readonly isActive?: boolean;
  readonly joinedOn?: string;
  readonly passwordHash?: string;
}

const long = '2025-09-01';
/** All of one length, so that names stand in the order in which they were made. */
let count = 100_000;

/** Of the administrator whom every tenant of `createTenant` has, so that somebody can be it without having been told. */
export function adminIdOf({ tenantId }: { readonly tenantId: string }): string {
  return tenantId;
}

/** Of the service, and of its key, that every tenant of `createTenant` has; it may do whatever services may. */
export function serviceIdOf({ tenantId }: { readonly tenantId: string }): string {
  return tenantId.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
}

/** A tenant with its root department, an administrator and a service. */
export async function createTenant(
  database: Database,
  options: { readonly slug?: string; readonly timeZone?: string } = {},
): Promise<Tenant> {
  const { slug = `tenant-${++count}`, timeZone = 'Europe/London' } = options;
  const tenant: Tenant = {
    tenantId: uuidv7(),
    departmentId: uuidv7(),
    slug,
    name: `Tenant ${slug}`,
    timeZone,
  };
  await database.run(
    `-- test.insertTenant
    with tenant as (
      insert into tenants (id, slug, name, time_zone, created_at) values ($1, $2, $3, $4, $6) returning id
    ), admin as (
      insert into users (tenant_id, id, role, name, joined_on, created_at)
      select id, $7, 'admin', 'Administrator', $6, $6 from tenant
    ), service as (
      insert into services (tenant_id, id, name, scopes, created_at, updated_at)
      select id, $8, 'Everything', $9, $6, $6 from tenant
    ), key as (
      insert into api_keys (tenant_id, id, service_id, prefix, hash, created_at, expires_at)
      select id, $8, $8, 'idk_00000000', sha256(uuid_send($8)), $6, '2100-01-01' from tenant
    )
    insert into departments (tenant_id, id, code, name, created_at) select id, $5, 'root', 'All', $6 from tenant`,
    [
      tenant.tenantId, slug, tenant.name, timeZone, tenant.departmentId, long, adminIdOf(tenant), serviceIdOf(tenant),
      permissionsOf({ role: 'service' }),
    ],
  ); // prettier-ignore
  return tenant;
}

/** A department directly below another. */
export async function createDepartment(
  database: Database,
  { tenantId, departmentId: parentId }: Place,
  options: { readonly name?: string; readonly code?: string } = {},
): Promise<Place> {
  const departmentId = uuidv7();
  const { code = `department-${++count}` } = options;
  await database.run(
    `-- test.insertDepartment
    insert into departments (tenant_id, id, parent_id, code, name, created_at) values ($1, $2, $3, $4, $5, $6)`,
    [tenantId, departmentId, parentId, code, options.name ?? code, long],
  );
  return { tenantId, departmentId };
}

/** With `canViewAll` a supervisor. */
export async function createInstructor(
  database: Database,
  { tenantId, departmentId }: Place,
  options: PersonOptions & { readonly canViewAll?: boolean; readonly canAssign?: boolean } = {},
): Promise<Member> {
  const { canViewAll = false, canAssign = true } = options;
  const [person] = await insertUsers(database, 'instructor', { tenantId, departmentId }, [options]);
  await database.run(
    `-- test.insertProfile
    insert into instructor_profiles (tenant_id, user_id, can_view_all, can_assign) values ($1, $2, $3, $4)`,
    [tenantId, person!.userId, canViewAll, canAssign],
  );
  return { ...person!, departmentId, role: canViewAll ? 'supervisor' : 'instructor' };
}

/** Of the tenant as a whole. */
export async function createAdmin(
  database: Database,
  { tenantId }: { readonly tenantId: string },
  options: PersonOptions = {},
): Promise<Person> {
  const [person] = await insertUsers(database, 'admin', { tenantId, departmentId: null }, [options]);
  return person!;
}

/** Of the installation and of no tenant. */
export async function createOperator(database: Database, options: PersonOptions = {}): Promise<Person> {
  const [person] = await insertUsers(database, 'operator', { tenantId: installationId, departmentId: null }, [options]);
  return person!;
}

/** On an instructor's roster, or, below a mere department, on nobody's. */
export async function createStudent(
  database: Database,
  place: Place & { readonly userId?: string },
  options: PersonOptions = {},
): Promise<Member> {
  const [student] = await createStudents(database, place, [options]);
  return student!;
}

/** Any number, in three statements; `students` says what is particular about each. */
export async function createStudents(
  database: Database,
  place: Place & { readonly userId?: string },
  students: readonly PersonOptions[],
): Promise<Member[]> {
  const { tenantId, departmentId, userId: instructorId } = place;
  const people = await insertUsers(database, 'student', { tenantId, departmentId }, students);
  if (instructorId !== undefined) {
    const ids = people.map(({ userId }) => userId);
    await database.run(
      `-- test.assignStudents
      update student_progress set instructor_id = $2 where tenant_id = $1 and student_id = any ($3)`,
      [tenantId, instructorId, ids],
    );
    await database.run(
      `-- test.insertRosterEntries
      insert into roster_entries (tenant_id, student_id, valid_from, instructor_id, department_id)
      select tenant_id, student_id, joined_on, instructor_id, department_id from student_progress
      where tenant_id = $1 and student_id = any ($2)`,
      [tenantId, ids],
    );
  }
  return people.map((person) => ({ ...person, departmentId }));
}

export interface Category {
  readonly tenantId: string;
  readonly categoryId: string;
  readonly code: string;
}

export async function createCategory(
  database: Database,
  { tenantId }: { readonly tenantId: string },
  options: { readonly code?: string; readonly title?: string } = {},
): Promise<Category> {
  const position = ++count;
  const { code = `category-${position}` } = options;
  const categoryId = uuidv7();
  await database.run(
    `-- test.insertCategory
    insert into categories (tenant_id, id, code, title, position) values ($1, $2, $3, $4, $5)`,
    [tenantId, categoryId, code, options.title ?? code, position],
  );
  return { tenantId, categoryId, code };
}

export interface Module extends Category {
  readonly moduleId: string;
  readonly kind: string;
}

export async function createModule(
  database: Database,
  { tenantId, categoryId }: Category,
  options: { readonly code?: string; readonly kind?: string; readonly difficulty?: string } = {},
): Promise<Module> {
  const { code = `module-${++count}`, kind = 'quiz', difficulty = 'easy' } = options;
  const moduleId = uuidv7();
  await database.run(
    `-- test.insertModule
    insert into modules (tenant_id, id, category_id, code, title, kind, difficulty)
    values ($1, $2, $3, $4, $4, $5, $6)`,
    [tenantId, moduleId, categoryId, code, kind, difficulty],
  );
  return { tenantId, categoryId, moduleId, code, kind };
}

/** A completed session of ten minutes, half an hour before the clock of `startApp`; of a service with `studentId`. */
export function sessionBody(
  { moduleId }: Pick<Module, 'moduleId'>,
  fields: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    id: uuidv7(),
    moduleId,
    score: 80,
    startedAt: '2026-03-02T07:20:00Z',
    completedAt: '2026-03-02T07:30:00Z',
    ...fields,
  };
}

async function insertUsers(
  database: Database,
  role: 'student' | 'instructor' | 'admin' | 'operator',
  { tenantId, departmentId }: { readonly tenantId: string; readonly departmentId: string | null },
  options: readonly PersonOptions[],
): Promise<Person[]> {
  const people = options.map((option): PersonOptions & Person => {
    const name = option.name ?? `${role} ${++count}`;
    const email = option.email ?? `${role}-${++count}@example.org`;
    return { ...option, tenantId, userId: uuidv7(), role, departmentId, name, email };
  });
  await database.run(
    `-- test.insertUsers
    insert into users (tenant_id, id, role, name, email, pid, department_id, is_active, joined_on, password_hash,
      created_at)
    select $1, "userId", $2, name, email, pid, $3, coalesce("isActive", true), coalesce("joinedOn", $5::date),
      "passwordHash", $5
    from jsonb_to_recordset($4::jsonb) as person ("userId" uuid, name text, email text, pid text, "isActive" boolean,
      "joinedOn" date, "passwordHash" text)`,
    [tenantId, role, departmentId, JSON.stringify(people), long],
  );
  return people.map(({ userId, name, email }) => ({ tenantId, userId, role, departmentId, name, email }));
}
