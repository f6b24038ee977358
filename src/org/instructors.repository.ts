import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { InstructorDetail, InstructorRow } from './instructors.dto.js';

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

export interface Profile {
  readonly id: string;
  readonly employeeId: string | null;
  readonly specialisations: readonly string[];
  readonly certifications: readonly string[];
  readonly experienceYears: number | null;
  readonly territory: string | null;
  readonly supervisorId: string | null;
  readonly canAssign: boolean;
  readonly canViewAll: boolean;
  readonly riskThreshold: number | null;
  readonly topPerformerThreshold: number | null;
  readonly version: number;
}

export interface InstructorFilter {
  readonly search?: string;
  readonly departmentId?: string;
  readonly isActive?: boolean;
}

export interface ListedInstructor extends InstructorRow {
  readonly nameSort: string;
}

const profile = `i.user_id as id, i.employee_id as "employeeId", i.specialisations, i.certifications,
  i.experience_years as "experienceYears", i.territory, i.supervisor_id as "supervisorId",
  i.can_assign as "canAssign", i.can_view_all as "canViewAll", i.risk_threshold as "riskThreshold",
  i.top_performer_threshold as "topPerformerThreshold", i.version`;

export interface InstructorScope {
  /** On instructors `u` of departments `d`: whom this viewer may know of by name. */
  readonly visible: string;
  /** Of whom also the rest. */
  readonly within: string;
  readonly parameters: unknown[];
}

/** An instructor finds colleagues of the own department and below, to choose a substitute from. */
export function instructorScope({ tenantId, userId, departmentId, role }: Viewer): InstructorScope {
  if (role === 'admin' || role === 'service') return { visible: 'true', within: 'true', parameters: [tenantId] };
  const below = 'd.path @> array[$2::uuid]';
  const parameters = [tenantId, departmentId, userId];
  if (role === 'supervisor') return { visible: `(${below} or u.id = $3)`, within: 'true', parameters };
  return { visible: `(${below} and u.is_active or u.id = $3)`, within: 'u.id = $3', parameters };
}

@Injectable()
export class InstructorsRepository {
  constructor(private readonly database: Database) {}

  /** By name, whatever its case and accents. */
  list(viewer: Viewer, filter: InstructorFilter, { limit, offset, after }: Position): Promise<ListedInstructor[]> {
    const { visible, within, parameters } = instructorScope(viewer);
    const matches = matching(filter, parameters);
    const [name, id] = [parameters.push(after?.[0] ?? null), parameters.push(after?.[1] ?? null)];
    return this.database.many<ListedInstructor>(
      `-- org.listInstructors
      select ${row(within)}, fold(u.name) as "nameSort"
      from instructor_profiles i
      join users u on u.tenant_id = $1 and u.id = i.user_id
      join departments d on d.tenant_id = $1 and d.id = u.department_id
      where i.tenant_id = $1 and ${visible} and ${matches}
        and ($${name}::text is null or (fold(u.name), u.id) > ($${name}, $${id}::uuid))
      order by fold(u.name), u.id
      limit $${parameters.push(limit + 1)} offset $${parameters.push(offset)}`,
      parameters,
    );
  }

  async count(viewer: Viewer, filter: InstructorFilter): Promise<number> {
    const { visible, parameters } = instructorScope(viewer);
    const matches = matching(filter, parameters);
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countInstructors
      select count(*) as count
      from instructor_profiles i
      join users u on u.tenant_id = $1 and u.id = i.user_id
      join departments d on d.tenant_id = $1 and d.id = u.department_id
      where i.tenant_id = $1 and ${visible} and ${matches}`,
      parameters,
    );
    return count;
  }

  /** Null also for those whom the viewer knows by name only. */
  find(viewer: Viewer, instructorId: string): Promise<InstructorDetail | null> {
    const { visible, within, parameters } = instructorScope(viewer);
    return this.database.maybeOne<InstructorDetail>(
      `-- org.findInstructor
      select ${row('true')}, ${profile}
      from instructor_profiles i
      join users u on u.tenant_id = $1 and u.id = i.user_id
      join departments d on d.tenant_id = $1 and d.id = u.department_id
      where i.tenant_id = $1 and ${visible} and ${within} and i.user_id = $${parameters.push(instructorId)}`,
      parameters,
    );
  }

  /** As it is until the transaction ends. */
  lock(tenantId: string, instructorId: string): Promise<Profile | null> {
    return this.database.maybeOne<Profile>(
      `-- org.lockInstructor
      select ${profile} from instructor_profiles i where i.tenant_id = $1 and i.user_id = $2 for no key update`,
      [tenantId, instructorId],
    );
  }

  update(tenantId: string, wanted: Profile): Promise<Profile> {
    return this.database.one<Profile>(
      `-- org.updateInstructor
      update instructor_profiles i
      set employee_id = new."employeeId", specialisations = new.specialisations, certifications = new.certifications,
        experience_years = new."experienceYears", territory = new.territory, supervisor_id = new."supervisorId",
        can_assign = new."canAssign", can_view_all = new."canViewAll", risk_threshold = new."riskThreshold",
        top_performer_threshold = new."topPerformerThreshold", version = i.version + 1
      from jsonb_to_record($2::jsonb) as new (
        id uuid, "employeeId" text, specialisations text[], certifications text[], "experienceYears" integer,
        territory text, "supervisorId" uuid, "canAssign" boolean, "canViewAll" boolean, "riskThreshold" numeric,
        "topPerformerThreshold" numeric)
      where i.tenant_id = $1 and i.user_id = new.id
      returning ${profile}`,
      [tenantId, JSON.stringify(wanted)],
    );
  }

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

const row = (within: string): string => `
  u.id, u.name, u.department_id as "departmentId", d.name as "departmentName", u.is_active as "isActive",
  case when ${within} then u.email end as email, case when ${within} then i.employee_id end as "employeeId",
  case when ${within} then i.can_view_all end as "canViewAll",
  case when ${within} then (
    select coalesce(sum(c.students), 0)::integer from roster_counts c
    where c.tenant_id = $1 and c.instructor_id = i.user_id
  ) end as students`;

function matching({ search, departmentId, isActive }: InstructorFilter, parameters: unknown[]): string {
  const conditions = ['true'];
  if (search !== undefined) conditions.push(`position(fold($${parameters.push(search)}) in fold(u.name)) > 0`);
  if (departmentId !== undefined) conditions.push(`d.path @> array[$${parameters.push(departmentId)}::uuid]`);
  if (isActive !== undefined) conditions.push(`u.is_active = $${parameters.push(isActive)}`);
  return conditions.join(' and ');
}
