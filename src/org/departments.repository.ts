import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { departmentScope } from './department-scope.js';
import type { DepartmentResponse, Misplaced } from './departments.dto.js';

export interface Department {
  readonly id: string;
  readonly parentId: string | null;
  readonly code: string;
  readonly name: string;
  /** Ids from the root to this department, both included. */
  readonly path: readonly string[];
  readonly isActive: boolean;
  readonly mergedIntoId: string | null;
  readonly riskThreshold: number | null;
  readonly topPerformerThreshold: number | null;
  readonly version: number;
}

export type NewDepartment = Pick<Department, 'id' | 'parentId' | 'code' | 'name'> &
  Partial<Pick<Department, 'riskThreshold' | 'topPerformerThreshold'>>;

/** What is in this very department: active ones keep it from being closed. */
export interface Occupants {
  readonly students: number;
  readonly staff: number;
  readonly departments: number;
}

const columns = `id, parent_id as "parentId", code, name, path, is_active as "isActive",
  merged_into_id as "mergedIntoId", risk_threshold as "riskThreshold",
  top_performer_threshold as "topPerformerThreshold", version`;
const misplacedIds = 100;

@Injectable()
export class DepartmentsRepository {
  constructor(private readonly database: Database) {}

  /** The tree as far as this viewer may know of it, every department after those above it. */
  listVisible(
    viewer: Viewer,
    only: { readonly id?: string; readonly isActive?: boolean } = {},
  ): Promise<DepartmentResponse[]> {
    const { visible, within, parameters } = departmentScope(viewer);
    const id = `$${parameters.push(only.id ?? null)}::uuid`;
    const isActive = `$${parameters.push(only.isActive ?? null)}::boolean`;
    return this.database.many<DepartmentResponse>(
      `-- org.listVisibleDepartments
      with people as (
        select department_id, sum(students) as students, 0 as instructors
        from roster_counts where tenant_id = $1 group by department_id
        union all
        select u.department_id, 0, count(*)
        from instructor_profiles i join users u on u.tenant_id = $1 and u.id = i.user_id
        where i.tenant_id = $1 and u.is_active group by u.department_id
      ), below as materialized (
        select step.id, sum(p.students)::integer as students, sum(p.instructors)::integer as instructors
        from people p
        join departments d on d.tenant_id = $1 and d.id = p.department_id
        cross join unnest(d.path) as step (id)
        group by step.id
      )
      select d.id, d.parent_id as "parentId", d.code, d.name,
        array(
          select a.name from unnest(d.path) with ordinality as step (id, position)
          join departments a on a.tenant_id = $1 and a.id = step.id order by step.position
        ) as path,
        d.is_active as "isActive", d.merged_into_id as "mergedIntoId", d.risk_threshold as "riskThreshold",
        d.top_performer_threshold as "topPerformerThreshold",
        case when ${within} then coalesce(b.students, 0) end as students,
        case when ${within} then coalesce(b.instructors, 0) end as instructors, d.version
      from departments d
      left join below b on b.id = d.id
      where d.tenant_id = $1 and ${visible} and (${id} is null or d.id = ${id})
        and (${isActive} is null or d.is_active = ${isActive})
      order by cardinality(d.path), d.code`,
      parameters,
    );
  }

  /** The whole tree, every department after those above it. */
  list(tenantId: string): Promise<Department[]> {
    return this.database.many<Department>(
      `-- org.listDepartments
      select ${columns} from departments where tenant_id = $1 order by cardinality(path), code`,
      [tenantId],
    );
  }

  find(tenantId: string, departmentId: string): Promise<Department | null> {
    return this.database.maybeOne<Department>(
      `-- org.findDepartment
      select ${columns} from departments where tenant_id = $1 and id = $2`,
      [tenantId, departmentId],
    );
  }

  /** Alone with the tenant's tree until the transaction ends; comes before any lock on a row. */
  async lockTree(tenantId: string): Promise<void> {
    await this.database.run(
      `-- org.lockDepartments
      select pg_advisory_xact_lock(departments_lock_key($1))`,
      [tenantId],
    );
  }

  /** Any number in one statement, each after the one above it. @returns those whose id was not there */
  insert(tenantId: string, departments: readonly NewDepartment[], now: Date): Promise<Department[]> {
    return this.database.many<Department>(
      `-- org.insertDepartments
      insert into departments
        (tenant_id, id, parent_id, code, name, risk_threshold, top_performer_threshold, created_at)
      select $1, id, "parentId", code, name, "riskThreshold", "topPerformerThreshold", $3
      from jsonb_to_recordset($2::jsonb) as new (
        id uuid, "parentId" uuid, code text, name text, "riskThreshold" numeric, "topPerformerThreshold" numeric)
      on conflict (tenant_id, id) do nothing
      returning ${columns}`,
      [tenantId, JSON.stringify(departments), now],
    );
  }

  update(tenantId: string, wanted: Department): Promise<Department> {
    const { id, parentId, code, name, isActive, mergedIntoId, riskThreshold, topPerformerThreshold } = wanted;
    return this.database.one<Department>(
      `-- org.updateDepartment
      update departments
      set parent_id = $3, code = $4, name = $5, is_active = $6, merged_into_id = $7, risk_threshold = $8,
        top_performer_threshold = $9, version = version + 1
      where tenant_id = $1 and id = $2
      returning ${columns}`,
      [tenantId, id, parentId, code, name, isActive, mergedIntoId, riskThreshold, topPerformerThreshold],
    );
  }

  /** Moves what is directly in one department into another: departments, each with all below it, and people. */
  async moveOccupants(tenantId: string, departmentId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- org.moveDepartments
      update departments set parent_id = $3, version = version + 1 where tenant_id = $1 and parent_id = $2`,
      [tenantId, departmentId, intoId],
    );
    // after the departments: the instructors of their students must not belong to none above them
    await this.database.run(
      `-- org.movePeople
      update users set department_id = $3, version = version + 1 where tenant_id = $1 and department_id = $2`,
      [tenantId, departmentId, intoId],
    );
  }

  countOccupants(tenantId: string, departmentId: string, { onlyActive = false } = {}): Promise<Occupants> {
    return this.database.one<Occupants>(
      `-- org.countOccupants
      select count(*) filter (where role = 'student') as students, count(*) filter (where role <> 'student') as staff,
        (
          select count(*) from departments where tenant_id = $1 and parent_id = $2 and (is_active or not $3)
        ) as departments
      from users where tenant_id = $1 and department_id = $2 and (is_active or not $3)`,
      [tenantId, departmentId, onlyActive],
    );
  }

  /**
   * Active students of a department and below whose instructor is of one of `lost`: departments above it now that would
   * not be above it any more.
   */
  findMisplaced(tenantId: string, departmentId: string, lost: readonly string[]): Promise<Misplaced> {
    return this.database.one<Misplaced>(
      `-- org.findMisplaced
      with misplaced as (
        select p.student_id
        from departments d
        join student_progress p on p.tenant_id = $1 and p.department_id = d.id and p.is_active
        join users i on i.tenant_id = $1 and i.id = p.instructor_id and i.department_id = any ($3)
        where d.tenant_id = $1 and d.path @> array[$2::uuid]
      )
      select (select count(*) from misplaced) as students,
        array(select student_id from misplaced order by student_id limit ${misplacedIds}) as "studentIds"`,
      [tenantId, departmentId, lost],
    );
  }
}
