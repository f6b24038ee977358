import type { Database } from '../src/database/database.js';
import { localDay } from '../src/org/local-day.js';
import { DashboardRepository } from '../src/analytics/dashboard.repository.js';
import type { Viewer } from '../src/http/viewer.js';
import type { Filter, StudentSort } from '../src/students/student-filter.js';
import { StudentListRepository } from '../src/students/student-list.repository.js';
import { StudentsRepository } from '../src/students/students.repository.js';
import type { Statement } from './load.js';

/** The tenant that is asked, as the generator made it. */
export interface Population {
  readonly tenantId: string;
  readonly today: string;
  readonly admin: Viewer;
  readonly instructors: readonly (Viewer & {
    readonly studentIds: readonly string[];
    readonly words: readonly string[];
  })[];
  readonly moduleIds: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly paths: readonly { readonly viewer: Viewer; readonly path: string }[];
  /** What the route of the same number runs, taken from the repositories themselves. */
  readonly statements: readonly (readonly Statement[])[];
}

export async function findPopulation(database: Database): Promise<Population | null> {
  const tenant = await database.maybeOne<{ id: string; timeZone: string }>(
    `-- bench.largestTenant
    select t.id, t.time_zone as "timeZone" from tenants t
    join (select tenant_id, count(*) as students from student_progress group by tenant_id) s on s.tenant_id = t.id
    order by s.students desc limit 1`,
  );
  if (!tenant) return null;
  const instructors = await database.many<{
    userId: string;
    departmentId: string;
    studentIds: string[];
    words: string[];
  }>(
    `-- bench.instructors
    select u.id as "userId", u.department_id as "departmentId",
      array_agg(p.student_id order by p.student_id)::text[] as "studentIds",
      (array_agg(split_part(p.name_sort, ' ', 1) order by p.student_id))[1:10] as words
    from users u join student_progress p on p.tenant_id = u.tenant_id and p.instructor_id = u.id and p.is_active
    where u.tenant_id = $1 group by u.id, u.department_id order by u.id limit 100`,
    [tenant.id],
  );
  const modules = await database.many<{ id: string }>(
    `-- bench.modules
    select id from modules where tenant_id = $1 and is_active order by id`,
    [tenant.id],
  );
  const tenantId = tenant.id;
  return {
    tenantId,
    today: localDay(tenant.timeZone, new Date()),
    admin: { tenantId, userId: tenantId, role: 'admin', departmentId: null },
    instructors: instructors.map((one) => ({ ...one, tenantId, role: 'instructor' as const })),
    moduleIds: modules.map(({ id }) => id),
  };
}

/** @param cursor where the 4,000th page of the administrator's list begins, and the row it stands on */
export async function scenariosOf(
  { instructors, admin, today }: Population,
  deep: { readonly cursor: string; readonly after: readonly (string | number | null)[] },
): Promise<Scenario[]> {
  const top = { limit: 20, offset: 0, page: 1, after: null };
  const moment = { today, now: new Date() };
  const ask = async (work: (database: Database) => Promise<unknown>): Promise<Statement[]> => {
    const statements: Statement[] = [];
    const note = (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
      statements.push({ sql, parameters: [...parameters] });
      return Promise.resolve([]);
    };
    const recorder = {
      read: () => recorder,
      many: note,
      maybeOne: note,
      one: (sql: string, parameters: readonly unknown[]) => note(sql, parameters).then(() => ({ total: 0 })),
    };
    await work(recorder as unknown as Database);
    return statements;
  };
  const list = (viewer: Viewer, filter: Filter, sort: StudentSort, order: 'asc' | 'desc') =>
    ask(async (database) => {
      const lists = new StudentListRepository(database);
      await lists.list(viewer, filter, { sort, order, moment }, top);
      await lists.count(viewer, filter, moment);
    });
  const build = async (
    name: string,
    pathOf: (instructor: Population['instructors'][number], index: number) => string,
    statementsOf: (instructor: Population['instructors'][number], index: number) => Promise<Statement[]>,
  ): Promise<Scenario> => ({
    name,
    paths: instructors.map((viewer, index) => ({ viewer, path: pathOf(viewer, index) })),
    statements: await Promise.all(instructors.map(statementsOf)),
  });
  const dashboards = (database: Database): DashboardRepository => new DashboardRepository(database);
  const studentOf = ({ studentIds }: Population['instructors'][number], index: number): string =>
    studentIds[(index * 37) % studentIds.length]!;
  const wordOf = ({ words }: Population['instructors'][number], index: number): string => words[index % words.length]!;
  return [
    await build(
      'dashboard statistics',
      () => '/dashboard/statistics',
      (viewer) =>
        ask((database) =>
          Promise.all([
            dashboards(database).statistics(viewer, today),
            // what is made of rows is not asked for: there are none
            dashboards(database)
              .work(viewer, moment.now)
              .catch(() => undefined),
          ]),
        ),
    ),
    await build(
      '30-day trend',
      () => '/dashboard/trend',
      (viewer) => ask((database) => dashboards(database).trend(viewer, today)),
    ),
    await build(
      'student list, 20 rows',
      () => '/students?limit=20',
      (viewer) => list(viewer, {}, 'name', 'asc'),
    ),
    {
      name: 'list, 4,000th page of all',
      paths: instructors.map(() => ({ viewer: admin, path: `/students?limit=20&cursor=${deep.cursor}` })),
      statements: await Promise.all(
        instructors.map(() =>
          ask((database) =>
            new StudentListRepository(database).list(
              admin,
              {},
              { sort: 'name', order: 'asc', moment },
              { limit: 20, offset: 0, page: undefined, after: deep.after },
            ),
          ),
        ),
      ),
    },
    await build(
      'list, search',
      (viewer, index) => `/students?limit=20&search=${encodeURIComponent(wordOf(viewer, index))}`,
      (viewer, index) => list(viewer, { search: wordOf(viewer, index) }, 'name', 'asc'),
    ),
    await build(
      'list, at-risk filter',
      () => '/students?limit=20&status=atRisk&sort=risk',
      (viewer) => list(viewer, { status: 'atRisk' }, 'risk', 'desc'),
    ),
    await build(
      'student detail',
      (viewer, index) => `/students/${studentOf(viewer, index)}`,
      (viewer, index) =>
        ask((database) => new StudentsRepository(database).findDetail(viewer, studentOf(viewer, index), moment)),
    ),
  ];
}
