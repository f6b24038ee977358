import { v7 as uuidv7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { createTenant, type Tenant } from '../../test/factories.js';
import { type Problem, toProblem } from '../http/problem.js';
import { DepartmentsRepository } from './departments.repository.js';
import { InstructorsRepository } from './instructors.repository.js';
import './org.constraints.js';
import { type NewUser, UsersRepository } from './users.repository.js';

const now = new Date('2026-03-02T08:00:00Z');
let db: TestDatabase;
let users: UsersRepository;
let departments: DepartmentsRepository;
let instructors: InstructorsRepository;
let tenant: Tenant;
let tenantId: string;

beforeAll(async () => {
  db = await createTestDatabase();
  users = new UsersRepository(db.database);
  departments = new DepartmentsRepository(db.database);
  instructors = new InstructorsRepository(db.database);
});

afterAll(() => db.drop());

beforeEach(async () => {
  tenant = await createTenant(db.database);
  ({ tenantId } = tenant);
});

const newUser = (fields: Partial<NewUser> = {}): NewUser => ({
  id: uuidv7(),
  role: 'student',
  name: 'Ada',
  departmentId: tenant.departmentId,
  joinedOn: '2026-01-01',
  ...fields,
});

/** What a client would be told. */
async function refusal(work: Promise<unknown>): Promise<Pick<Problem, 'status' | 'code'> & { pointer?: string }> {
  const error = await work.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  const { status, code, errors } =
    toProblem(error) ??
    (() => {
      throw error;
    })();
  return { status, code, pointer: errors?.[0]?.pointer };
}

describe('people', () => {
  it('come in by the ten thousand in one statement', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      newUser({ role: 'instructor', email: `S${index}@example.org`, pid: `P${index}` }),
    );
    expect(await users.insert(tenantId, many, now)).toBe(10_000);
  });

  it('have a row of progress when they are students', async () => {
    const student = newUser();
    await users.insert(tenantId, [student, newUser({ role: 'instructor' })], now);
    const rows = await db.database.many(
      `-- test.progress
      select student_id as id, department_id as "departmentId" from student_progress where tenant_id = $1`,
      [tenantId],
    );
    expect(rows).toEqual([{ id: student.id, departmentId: tenant.departmentId }]);
  });

  it('are found by id, by address in any case, and by everything an import knows', async () => {
    const ada = newUser({ email: 'Ada@Example.org', pid: '17', rank: 'cadet' });
    const ben = newUser({ name: 'Ben', pid: '18', isActive: false });
    const cay = newUser({ name: 'Cay', role: 'admin', departmentId: null });
    await users.insert(tenantId, [ada, ben, cay], now);
    const found = { ...ada, email: 'ada@example.org', phone: null, isActive: true };
    expect(await users.find(tenantId, ada.id)).toEqual(found);
    expect(await users.findByEmail(tenantId, 'ADA@example.org')).toEqual(found);
    const known = await users.listKnown(tenantId, {
      ids: [ada.id, cay.id],
      emails: ['ADA@example.org', 'nobody@example.org'],
      pids: ['18'],
    });
    expect(known.map(({ name }) => name)).toEqual(['Ada', 'Ben', 'Cay']);
    expect(await users.listKnown(tenantId, {})).toEqual([]);

    const { tenantId: elsewhere } = await createTenant(db.database);
    expect(await users.find(elsewhere, ada.id)).toBeNull();
    expect(await users.findByEmail(elsewhere, 'ada@example.org')).toBeNull();
    expect(await users.listKnown(elsewhere, { ids: [ada.id], emails: ['ada@example.org'], pids: ['17'] })).toEqual([]);
    expect(await users.updateLastLogin(elsewhere, ada.id, now)).toBe(0);
    expect(await users.updateLastLogin(tenantId, ben.id, now)).toBe(0);
  });

  it('are refused with a meaning, all of them', async () => {
    await users.insert(tenantId, [newUser({ email: 'ada@example.org', pid: '17' })], now);
    const cases: [Partial<NewUser>, object][] = [
      [{ email: 'ADA@example.org' }, { status: 409, code: 'email_taken', pointer: '/email' }],
      [{ pid: '17' }, { status: 409, code: 'pid_taken', pointer: '/pid' }],
      [{ departmentId: uuidv7() }, { status: 422, code: 'department_unknown', pointer: '/departmentId' }],
      [{ email: 'nonsense' }, { status: 400, code: 'value_invalid', pointer: '/email' }],
      [{ name: '' }, { status: 400, code: 'value_invalid', pointer: '/name' }],
    ];
    for (const [fields, expected] of cases) {
      expect(await refusal(users.insert(tenantId, [newUser(), newUser(fields)], now))).toEqual(expected);
    }
    const nowhere = newUser({ role: 'instructor', departmentId: null });
    const missing = { status: 422, code: 'department_missing', pointer: '/departmentId' };
    expect(await refusal(users.insert(tenantId, [nowhere], now))).toEqual(missing);
    expect(await users.listKnown(tenantId, { emails: ['ada@example.org'], pids: ['17'] })).toHaveLength(1);
  });
});

describe('departments', () => {
  it('come in as a tree in one statement', async () => {
    const { departmentId: root } = tenant;
    const [a, b, c] = [uuidv7(), uuidv7(), uuidv7()];
    const tree = [
      { id: a, parentId: root, code: 'a', name: 'A' },
      { id: b, parentId: a, code: 'b', name: 'B' },
      { id: c, parentId: b, code: 'c', name: 'C' },
    ];
    expect(await departments.insert(tenantId, tree, now)).toHaveLength(3);
    expect((await departments.list(tenantId)).map(({ code }) => code)).toEqual(['root', 'a', 'b', 'c']);
    expect(await departments.find(tenantId, c)).toMatchObject({ ...tree[2], path: [root, a, b, c], isActive: true });
    expect(await departments.find((await createTenant(db.database)).tenantId, c)).toBeNull();
    const again = { id: uuidv7(), parentId: null, code: 'a', name: 'A' };
    expect(await refusal(departments.insert(tenantId, [again], now))).toMatchObject({ code: 'code_taken' });
    const orphan = { id: uuidv7(), parentId: uuidv7(), code: 'o', name: 'O' };
    expect(await refusal(departments.insert(tenantId, [orphan], now))).toMatchObject({ code: 'department_unknown' });
  });
});

describe('instructors', () => {
  it('get their profiles in one statement', async () => {
    const [head, other] = [newUser({ role: 'instructor' }), newUser({ role: 'instructor' })];
    await users.insert(tenantId, [head, other], now);
    const profiles = [
      { userId: head.id, employeeId: 'E1', specialisations: ['radio', 'maps'], experienceYears: 7, canViewAll: true },
      { userId: other.id, supervisorId: head.id, canAssign: false },
    ];
    expect(await instructors.insertProfiles(tenantId, profiles)).toBe(2);
    const stored = await db.database.many(
      `-- test.profiles
      select employee_id, specialisations, experience_years, supervisor_id, can_assign, can_view_all
      from instructor_profiles where tenant_id = $1 order by user_id`,
      [tenantId],
    );
    expect(stored).toEqual([
      {
        employee_id: 'E1',
        specialisations: ['radio', 'maps'],
        experience_years: 7,
        supervisor_id: null,
        can_assign: true,
        can_view_all: true,
      },
      {
        employee_id: null,
        specialisations: [],
        experience_years: null,
        supervisor_id: head.id,
        can_assign: false,
        can_view_all: false,
      },
    ]);
    const stranger = await refusal(instructors.insertProfiles(tenantId, [{ userId: uuidv7() }]));
    expect(stranger).toEqual({ status: 422, code: 'user_unknown', pointer: '/userId' });
  });
});
