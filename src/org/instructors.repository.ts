import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What an instructor has besides the user. */
export interface NewInstructorProfile {
  readonly userId: string;
  readonly employeeId?: string | null;
  readonly specialisations?: readonly string[];
  readonly certifications?: readonly string[];
  readonly experienceYears?: number | null;
  readonly territory?: string | null;
  /** For information: it permits nothing. */
  readonly supervisorId?: string | null;
  readonly canAssign?: boolean;
  /** Makes a supervisor: sees the department and everything below it. */
  readonly canViewAll?: boolean;
}

@Injectable()
export class InstructorsRepository {
  constructor(private readonly database: Database) {}

  /** Any number in one statement. */
  insertProfiles(tenantId: string, profiles: readonly NewInstructorProfile[]): Promise<number> {
    return this.database.run(
      `-- org.insertInstructorProfiles
      insert into instructor_profiles
        (tenant_id, user_id, employee_id, specialisations, certifications, experience_years, territory, supervisor_id,
         can_assign, can_view_all)
      select $1, "userId", "employeeId", coalesce(specialisations, '{}'), coalesce(certifications, '{}'),
        "experienceYears", territory, "supervisorId", coalesce("canAssign", true), coalesce("canViewAll", false)
      from jsonb_to_recordset($2::jsonb) as new (
        "userId" uuid, "employeeId" text, specialisations text[], certifications text[], "experienceYears" integer,
        territory text, "supervisorId" uuid, "canAssign" boolean, "canViewAll" boolean)`,
      [tenantId, JSON.stringify(profiles)],
    );
  }
}
