import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { UserRole } from './users.dto.js';

/** A person as an import finds one. */
export interface KnownPerson {
  readonly id: string;
  readonly role: UserRole;
  readonly name: string;
  readonly email: string | null;
  readonly pid: string | null;
  readonly rank: string | null;
  readonly phone: string | null;
  readonly departmentId: string | null;
  readonly instructorId: string | null;
  readonly joinedOn: string;
  readonly isActive: boolean;
}

export interface FoundPerson extends KnownPerson {
  readonly isSupervisor: boolean;
}

/** Somebody who can have students. */
export interface KnownInstructor {
  readonly id: string;
  readonly email: string | null;
  readonly pid: string | null;
  readonly departmentId: string;
  readonly isActive: boolean;
}

@Injectable()
export class UserImportsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Has this connection plan anew. What triggers and foreign keys remember was planned when the tables of a new
   * installation were empty, and would read them whole for each row: measured, 10,000 rows then take more than twice the time.
   */
  async discardPlans(): Promise<void> {
    await this.database.run(`-- people.discardPlans
      discard plans`);
  }

  /** Everybody who has one of these numbers or addresses. */
  listPeople(tenantId: string, pids: readonly string[], emails: readonly string[]): Promise<FoundPerson[]> {
    return this.database.many<FoundPerson>(
      `-- people.listImported
      select u.id, u.role, u.name, u.email, u.pid, u.rank, u.phone, u.department_id as "departmentId",
        s.instructor_id as "instructorId", u.joined_on as "joinedOn", u.is_active as "isActive",
        u.role = 'instructor' and coalesce(i.can_view_all, false) as "isSupervisor"
      from (
        select * from users where tenant_id = $1 and pid = any ($2)
        union
        select * from users where tenant_id = $1 and email = any ($3)
      ) u
      left join student_progress s on s.tenant_id = $1 and s.student_id = u.id
      left join instructor_profiles i on i.tenant_id = $1 and i.user_id = u.id`,
      [tenantId, pids, emails],
    );
  }

  /** Instructors by number or address, whichever a name is, and by id. */
  listInstructors(tenantId: string, names: readonly string[], ids: readonly string[]): Promise<KnownInstructor[]> {
    return this.database.many<KnownInstructor>(
      `-- people.listImportedInstructors
      select id, email, pid, department_id as "departmentId", is_active as "isActive"
      from (
        select * from users where tenant_id = $1 and pid = any ($2)
        union
        select * from users where tenant_id = $1 and email = any ($3)
        union
        select * from users where tenant_id = $1 and id = any ($4)
      ) u
      where department_id is not null and (role = 'instructor' or id = any ($4))`,
      [tenantId, names, names.map((name) => name.toLowerCase()), ids],
    );
  }

  /** The departments of every active student on these rosters. */
  listRosterDepartments(
    tenantId: string,
    instructorIds: readonly string[],
  ): Promise<{ readonly instructorId: string; readonly departmentId: string }[]> {
    return this.database.many<{ instructorId: string; departmentId: string }>(
      `-- people.listRosterDepartments
      select distinct instructor_id as "instructorId", department_id as "departmentId" from student_progress
      where tenant_id = $1 and instructor_id = any ($2) and is_active`,
      [tenantId, instructorIds],
    );
  }
}
