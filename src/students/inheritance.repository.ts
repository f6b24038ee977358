import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface Rostered {
  readonly studentId: string;
  readonly instructorId: string | null;
}

/** What students have from where they belong: thresholds, and instructors of a department above. */
@Injectable()
export class InheritanceRepository {
  constructor(private readonly database: Database) {}

  /** The students of this very department, active or not, locked in the order of their ids. */
  lockDepartment(tenantId: string, departmentId: string): Promise<Rostered[]> {
    return this.database.many<Rostered>(
      `-- students.lockDepartment
      select student_id as "studentId", instructor_id as "instructorId" from student_progress
      where tenant_id = $1 and department_id = $2
      order by student_id
      for no key update`,
      [tenantId, departmentId],
    );
  }

  /** The next students after `after`, locked: of one instructor, of a department and below, or of the tenant. */
  async lockChunk(
    tenantId: string,
    { departmentId, instructorId }: { readonly departmentId: string | null; readonly instructorId: string | null },
    after: string,
    size: number,
  ): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- students.lockChunk
      select student_id as id from student_progress
      where tenant_id = $1 and student_id > $2
        and ($3::uuid is null or instructor_id = $3)
        and ($4::uuid is null or department_id in (
          select id from departments where tenant_id = $1 and path @> array[$4::uuid]))
      order by student_id limit $5
      for no key update`,
      [tenantId, after, instructorId, departmentId, size],
    );
    return rows.map(({ id }) => id);
  }

  /** Gives locked students the thresholds of this moment. @returns those whose thresholds changed */
  applyThresholds(tenantId: string, studentIds: readonly string[]): Promise<Rostered[]> {
    return this.database.many<Rostered>(
      `-- students.applyThresholds
      with place as (
        select distinct department_id, instructor_id from student_progress
        where tenant_id = $1 and student_id = any ($2)
      )
      update student_progress p
      set risk_threshold = t.risk_threshold, top_performer_threshold = t.top_performer_threshold
      from place cross join lateral student_thresholds($1, place.instructor_id, place.department_id) t
      where p.tenant_id = $1 and p.student_id = any ($2) and p.department_id = place.department_id
        and p.instructor_id is not distinct from place.instructor_id
        and (p.risk_threshold, p.top_performer_threshold)
          is distinct from (t.risk_threshold, t.top_performer_threshold)
      returning p.student_id as "studentId", p.instructor_id as "instructorId"`,
      [tenantId, studentIds],
    );
  }

  /** Of these students those whose instructor is of no department above theirs: only inactive ones can be. */
  listMisplaced(tenantId: string, studentIds: readonly string[]): Promise<Rostered[]> {
    return this.database.many<Rostered>(
      `-- students.listMisplaced
      select p.student_id as "studentId", p.instructor_id as "instructorId"
      from student_progress p
      join users i on i.tenant_id = $1 and i.id = p.instructor_id
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      where p.tenant_id = $1 and p.student_id = any ($2) and i.department_id <> all (d.path)`,
      [tenantId, studentIds],
    );
  }
}
