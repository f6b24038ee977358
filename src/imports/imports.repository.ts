import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface DepartmentRow {
  readonly id: string;
  readonly parentId: string | null;
  readonly code: string;
  readonly name: string;
  /** The local day on which it began. */
  readonly createdOn: string;
}

export interface PersonRow {
  readonly id: string;
  readonly role: 'student' | 'instructor' | 'admin';
  readonly name: string;
  readonly email: string | null;
  readonly pid: string | null;
  readonly rank: string | null;
  readonly departmentId: string | null;
  readonly joinedOn: string;
}

export interface ProfileRow {
  readonly userId: string;
  readonly employeeId: string | null;
  readonly specialisations: readonly string[];
  readonly experienceYears: number | null;
  readonly supervisorId: string | null;
  readonly canViewAll: boolean;
}

export interface PlacementRow {
  readonly studentId: string;
  readonly instructorId: string;
  /** From the beginning of this local day. */
  readonly from: string;
}

export interface CategoryRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly position: number;
}

export interface ModuleRow {
  readonly id: string;
  readonly categoryId: string;
  readonly code: string;
  readonly title: string;
  readonly kind: string;
  readonly difficulty: string;
}

export interface AchievementRow {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly icon: string;
  readonly badgeColor: string;
}

export interface UnlockedRow {
  readonly studentId: string;
  readonly achievementId: string;
  readonly unlockedAt: string;
}

/**
 * Fills an organisation that comes from elsewhere. These statements write tables of `org`, `students` and `activity`,
 * in bulk and with ids that the source determines: what is there already stays as it is.
 */
@Injectable()
export class ImportsRepository {
  constructor(private readonly database: Database) {}

  /** @param departments parents before their children */
  insertDepartments(tenantId: string, departments: readonly DepartmentRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertDepartments
      insert into departments (tenant_id, id, parent_id, code, name, created_at)
      select $1, d.id, d."parentId", d.code, d.name, d."createdOn"::timestamp at time zone t.time_zone
      from tenants t, json_to_recordset($2::json)
        as d (id uuid, "parentId" uuid, code text, name text, "createdOn" date)
      where t.id = $1
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(departments)],
    );
  }

  /** The local day on which a department began; null where there is none with this code. */
  async findDepartmentStart(tenantId: string, code: string): Promise<string | null> {
    const row = await this.database.maybeOne<{ day: string }>(
      `-- imports.findDepartmentStart
      select (d.created_at at time zone t.time_zone)::date as day
      from departments d join tenants t on t.id = d.tenant_id
      where d.tenant_id = $1 and d.code = $2`,
      [tenantId, code],
    );
    return row?.day ?? null;
  }

  insertPeople(tenantId: string, people: readonly PersonRow[], now: Date): Promise<number> {
    return this.database.run(
      `-- imports.insertPeople
      insert into users (tenant_id, id, role, name, email, pid, rank, department_id, joined_on, created_at)
      select $1, id, role, name, email, pid, rank, "departmentId", "joinedOn", $3
      from json_to_recordset($2::json) as p (id uuid, role text, name text, email text, pid text, rank text,
        "departmentId" uuid, "joinedOn" date)
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(people), now],
    );
  }

  /** @param profiles supervisors before those they supervise */
  insertProfiles(tenantId: string, profiles: readonly ProfileRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertProfiles
      insert into instructor_profiles
        (tenant_id, user_id, employee_id, specialisations, experience_years, supervisor_id, can_view_all)
      select $1, "userId", "employeeId", specialisations, "experienceYears", "supervisorId", "canViewAll"
      from json_to_recordset($2::json) as p ("userId" uuid, "employeeId" text, specialisations text[],
        "experienceYears" integer, "supervisorId" uuid, "canViewAll" boolean)
      on conflict (tenant_id, user_id) do nothing`,
      [tenantId, JSON.stringify(profiles)],
    );
  }

  /** Gives students who never had an instructor theirs. */
  placeStudents(tenantId: string, placements: readonly PlacementRow[]): Promise<number> {
    return this.database.run(
      `-- imports.placeStudents
      with placed as (
        insert into roster_entries (tenant_id, student_id, valid_from, instructor_id, department_id)
        select $1, p."studentId", p."from"::timestamp at time zone t.time_zone, p."instructorId", s.department_id
        from json_to_recordset($2::json) as p ("studentId" uuid, "instructorId" uuid, "from" date)
        join tenants t on t.id = $1
        join student_progress s on s.tenant_id = $1 and s.student_id = p."studentId"
        where not exists (select from roster_entries r where r.tenant_id = $1 and r.student_id = p."studentId")
        returning student_id, instructor_id
      )
      update student_progress s set instructor_id = placed.instructor_id
      from placed where s.tenant_id = $1 and s.student_id = placed.student_id`,
      [tenantId, JSON.stringify(placements)],
    );
  }

  /** Those who left keep their history and take no more part. */
  deactivate(tenantId: string, userIds: readonly string[]): Promise<number> {
    return this.database.run(
      `-- imports.deactivateUsers
      update users set is_active = false where tenant_id = $1 and id = any ($2) and is_active`,
      [tenantId, userIds],
    );
  }

  insertCategories(tenantId: string, categories: readonly CategoryRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertCategories
      insert into categories (tenant_id, id, code, title, position)
      select $1, id, code, title, position
      from json_to_recordset($2::json) as c (id uuid, code text, title text, position integer)
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(categories)],
    );
  }

  insertModules(tenantId: string, modules: readonly ModuleRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertModules
      insert into modules (tenant_id, id, category_id, code, title, kind, difficulty)
      select $1, id, "categoryId", code, title, kind, difficulty
      from json_to_recordset($2::json)
        as m (id uuid, "categoryId" uuid, code text, title text, kind text, difficulty text)
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(modules)],
    );
  }

  insertAchievements(tenantId: string, achievements: readonly AchievementRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertAchievements
      insert into achievements (tenant_id, id, code, title, description, icon, badge_color)
      select $1, id, code, title, description, icon, "badgeColor"
      from json_to_recordset($2::json)
        as a (id uuid, code text, title text, description text, icon text, "badgeColor" text)
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(achievements)],
    );
  }

  insertUnlocked(tenantId: string, unlocked: readonly UnlockedRow[]): Promise<number> {
    return this.database.run(
      `-- imports.insertUnlocked
      insert into student_achievements (tenant_id, student_id, achievement_id, unlocked_at)
      select $1, "studentId", "achievementId", "unlockedAt"
      from json_to_recordset($2::json) as u ("studentId" uuid, "achievementId" uuid, "unlockedAt" timestamptz)
      on conflict (tenant_id, student_id, achievement_id) do nothing`,
      [tenantId, JSON.stringify(unlocked)],
    );
  }

  /** Tells the planner of new people, so that the first histories are not planned for empty tables. */
  async analyzePeople(): Promise<void> {
    await this.database.run(`-- imports.analyzePeople
      analyze users, student_progress, active_days, roster_entries, modules`);
  }

  /**
   * Tells it of their histories, which closing their days reads: measured, minutes without and two seconds with it for
   * 1,300 students. Not before there are any: what is planned for a table known to be empty stays so while it grows.
   */
  async analyzeHistories(): Promise<void> {
    await this.database.run(`-- imports.analyzeHistories
      analyze student_progress, active_days, session_keys, sessions, category_progress, progress_snapshots`);
  }

  /** The day a person joined; null when there is nobody with this id. */
  async findJoinedOn(tenantId: string, userId: string): Promise<string | null> {
    const row = await this.database.maybeOne<{ joinedOn: string }>(
      `-- imports.findJoinedOn
      select joined_on as "joinedOn" from users where tenant_id = $1 and id = $2`,
      [tenantId, userId],
    );
    return row?.joinedOn ?? null;
  }

  /** Adds an administrator, and gives everybody who has an address the same password. */
  openAccounts(
    tenantId: string,
    admin: Pick<PersonRow, 'id' | 'name' | 'joinedOn'> & { readonly email: string },
    passwordHash: string,
    now: Date,
  ): Promise<number> {
    return this.database.run(
      `-- imports.openAccounts
      with admin as (
        insert into users (tenant_id, id, role, name, email, joined_on, password_hash, created_at)
        values ($1, $2, 'admin', $3, $4, $5, $6, $7)
      )
      update users set password_hash = $6 where tenant_id = $1 and email is not null`,
      [tenantId, admin.id, admin.name, admin.email, admin.joinedOn, passwordHash, now],
    );
  }

  async hasSessions(tenantId: string): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- imports.findAnySession
      select exists (select from session_keys where tenant_id = $1) as found`,
      [tenantId],
    );
    return found;
  }

  /**
   * Which of these ids are those of sessions that are there. Not to be asked while there are none: the plan that is
   * made then reads the whole table, and is kept while it grows.
   */
  async listKnownSessions(tenantId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.many<{ id: string }>(
      `-- imports.listKnownSessions
      select session_id as id from session_keys where tenant_id = $1 and session_id = any ($2)`,
      [tenantId, ids],
    );
    return new Set(rows.map(({ id }) => id));
  }
}
