import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import type { LockedStudent } from './progress.repository.js';
import { Filter, scopePredicate, studentPredicate } from './student-filter.js';
import { studentColumns } from './student-list.repository.js';
import { AssignmentResult, StudentDetail, StudentGoals } from './students.dto.js';

export interface PlannedAssignment extends AssignmentResult {
  readonly formerInstructorId: string | null;
}

export interface LockedGoals extends StudentGoals {
  readonly instructorId: string | null;
}

export interface Assignment {
  readonly studentId: string;
  /** Null: nobody. */
  readonly instructorId: string | null;
}

@Injectable()
export class StudentsRepository {
  constructor(private readonly database: Database) {}

  /** One student with everything their page shows, in one statement. */
  findDetail(
    viewer: Viewer,
    studentId: string,
    { today, now }: Moment,
    showsRisk = true,
  ): Promise<StudentDetail | null> {
    const { sql, parameters } = scopePredicate(viewer);
    const id = `$${parameters.push(studentId)}`;
    const day = `$${parameters.push(today)}::date`;
    return this.database.read().maybeOne<StudentDetail>(
      `-- students.findDetail
      select ${studentColumns(day, `$${parameters.push(now)}`, showsRisk)}, u.rank, u.avatar_url as "avatarUrl",
        p.target_score as "targetScore", p.target_on as "targetOn", p.overall_score >= p.target_score as "goalAchieved",
        p.goals_version as version, categories.list as categories, recent.list as "recentSessions",
        achieved.list as achievements, peers.summary as peers, timeline.list as timeline
      from student_progress p
      join users u on u.tenant_id = $1 and u.id = p.student_id
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      left join users i on i.tenant_id = $1 and i.id = p.instructor_id
      cross join lateral (
        select coalesce(json_agg(json_build_object('categoryId', c.id, 'title', c.title,
          'accuracy', round(category_accuracy(g.questions, g.correct, g.score_sum, g.score_count), 2),
          'sessionsCompleted', g.sessions_completed, 'questions', g.questions, 'correct', g.correct)
          order by c.position, c.title), '[]') as list
        from category_progress g join categories c on c.tenant_id = $1 and c.id = g.category_id
        where g.tenant_id = $1 and g.student_id = ${id} and g.sessions_completed > 0
      ) categories
      cross join lateral (
        select coalesce(json_agg(json_build_object('id', s.id, 'kind', s.kind, 'status', s.status,
          'moduleId', s.module_id, 'moduleTitle', m.title, 'day', s.day,
          'completedAt', to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'score', s.score, 'durationSeconds', s.duration_seconds, 'interactions', s.interactions)
          order by s.day desc, s.completed_at desc nulls last, s.id desc), '[]') as list
        from (
          select * from sessions where tenant_id = $1 and student_id = ${id} order by day desc, id desc limit 10
        ) s join modules m on m.tenant_id = $1 and m.id = s.module_id
      ) recent
      cross join lateral (
        select coalesce(json_agg(json_build_object('code', a.code, 'title', a.title, 'description', a.description,
          'icon', a.icon, 'badgeColor', a.badge_color,
          'unlockedAt', to_char(w.unlocked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
          order by w.unlocked_at desc), '[]') as list
        from student_achievements w join achievements a on a.tenant_id = $1 and a.id = w.achievement_id
        where w.tenant_id = $1 and w.student_id = ${id}
      ) achieved
      cross join lateral (
        select json_build_object('peers', ranked.peers, 'percentile', ranked.percentile, 'band', case
          when ranked.percentile >= 90 then 'top10' when ranked.percentile >= 75 then 'top25'
          when ranked.percentile < 10 then 'bottom10' when ranked.percentile < 25 then 'bottom25'
          when ranked.percentile is not null then 'middle' end) as summary
        from (
          select count(*) as peers,
            round(count(*) filter (where o.overall_score < p.overall_score) * 100.0
              / nullif(case when p.overall_score is not null then count(*) end, 0), 2) as percentile
          from (
            select overall_score from student_progress
            where tenant_id = $1 and instructor_id = p.instructor_id and is_active and overall_score is not null
              and student_id <> p.student_id
            limit 1000
          ) o
        ) ranked
      ) peers
      cross join lateral (
        select json_agg(json_build_object('day', t.day::date, 'sessionsCompleted', coalesce(n.sessions_completed, 0),
          'timeSpentSeconds', coalesce(n.time_spent_seconds, 0),
          'score', round(n.score_sum / nullif(n.score_count, 0), 2)) order by t.day) as list
        from generate_series(${day} - 29, ${day}, interval '1 day') as t (day)
        left join progress_snapshots n
          on n.tenant_id = $1 and n.student_id = ${id} and n.day = t.day::date and n.day > ${day} - 30
      ) timeline
      where p.tenant_id = $1 and p.student_id = ${id} and p.is_active and ${sql}`,
      parameters,
    );
  }

  /** Goals as they are, locked for a change. */
  lockGoals(viewer: Viewer, studentId: string): Promise<LockedGoals | null> {
    const { sql, parameters } = scopePredicate(viewer);
    const id = `$${parameters.push(studentId)}`;
    return this.database.maybeOne<LockedGoals>(
      `-- students.lockGoals
      select p.student_id as id, p.target_score as "targetScore", p.target_on as "targetOn",
        p.goals_version as version, p.instructor_id as "instructorId"
      from student_progress p
      where p.tenant_id = $1 and p.student_id = ${id} and p.is_active and ${sql}
      for no key update`,
      parameters,
    );
  }

  updateGoals(tenantId: string, { id, targetScore, targetOn }: Omit<StudentGoals, 'version'>): Promise<StudentGoals> {
    return this.database.one<StudentGoals>(
      `-- students.updateGoals
      update student_progress
      set target_score = $3, target_on = $4, goals_version = goals_version + 1
      where tenant_id = $1 and student_id = $2
      returning student_id as id, target_score as "targetScore", target_on as "targetOn", goals_version as version`,
      [tenantId, id, targetScore, targetOn],
    );
  }

  /** Ids of the students a filter means, in the order of their ids; at most `limit`. */
  async listIds(viewer: Viewer, filter: Filter, moment: Moment, limit: number): Promise<string[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const rows = await this.database.many<{ id: string }>(
      `-- students.listIds
      select p.student_id as id from student_progress p where p.tenant_id = $1 and ${sql} order by p.student_id
      limit $${parameters.push(limit)}`,
      parameters,
    );
    return rows.map(({ id }) => id);
  }

  /** Those of these students whom the viewer may see, locked in the order of their ids. */
  lockReachable(viewer: Viewer, studentIds: readonly string[]): Promise<LockedStudent[]> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.many<LockedStudent>(
      `-- students.lockReachable
      select p.student_id as "studentId", p.instructor_id as "instructorId", p.department_id as "departmentId"
      from student_progress p
      where p.tenant_id = $1 and p.student_id = any ($${parameters.push(studentIds)}) and p.is_active and ${sql}
      order by p.student_id
      for no key update`,
      parameters,
    );
  }

  /** Whether somebody's profile lets them say who is responsible; who has no profile needs none. */
  async mayAssign(viewer: Viewer): Promise<boolean> {
    const { allowed } = await this.database.one<{ allowed: boolean }>(
      `-- students.mayAssign
      select not exists (
        select from instructor_profiles where tenant_id = $1 and user_id = $2 and not can_assign
      ) as allowed`,
      [viewer.tenantId, viewer.userId],
    );
    return allowed;
  }

  /**
   * Whether somebody may be responsible for students: an active instructor of this tenant.
   * @param departmentId of a supervisor, who knows of those in it, below it and above it
   */
  async isInstructor(tenantId: string, userId: string, departmentId: string | null = null): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- students.isInstructor
      select exists (
        select from users u
        join instructor_profiles i on i.tenant_id = $1 and i.user_id = u.id
        join departments d on d.tenant_id = $1 and d.id = u.department_id
        where u.tenant_id = $1 and u.id = $2 and u.is_active and (
          $3::uuid is null or d.path @> array[$3]
          or d.id = any ((select own.path from departments own where own.tenant_id = $1 and own.id = $3)::uuid[])
        )
      ) as found`,
      [tenantId, userId, departmentId],
    );
    return found;
  }

  /** What assigning these students would do to each of them; the rows are locked in the order of their ids. */
  planAssignment(
    viewer: Viewer,
    studentIds: readonly string[],
    instructorId: string | null,
  ): Promise<PlannedAssignment[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const ids = `$${parameters.push(studentIds)}::uuid[]`;
    const instructor = `$${parameters.push(instructorId)}::uuid`;
    return this.database.many<PlannedAssignment>(
      `-- students.planAssignment
      with found as (
        select p.student_id, p.instructor_id, p.department_id from student_progress p
        where p.tenant_id = $1 and p.student_id = any (${ids}) and p.is_active and ${sql}
        order by p.student_id for no key update
      )
      select wanted.id as "studentId", f.instructor_id as "formerInstructorId",
        case
          when f.student_id is null then 'student_not_found'
          when f.instructor_id is not distinct from ${instructor} then 'unchanged'
          when ${instructor} is not null and not exists (
            select from users u join departments d on d.tenant_id = $1 and d.id = f.department_id
            where u.tenant_id = $1 and u.id = ${instructor} and u.department_id = any (d.path)
          ) then 'instructor_department_mismatch'
          else 'assigned'
        end as result
      from unnest(${ids}) with ordinality as wanted (id, position)
      left join found f on f.student_id = wanted.id
      order by wanted.position`,
      parameters,
    );
  }

  /** Everybody on a roster, active or not, locked in the order of their ids. */
  async lockRoster(tenantId: string, instructorId: string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- students.lockRoster
      select student_id as id from student_progress where tenant_id = $1 and instructor_id = $2
      order by student_id for no key update`,
      [tenantId, instructorId],
    );
    return rows.map(({ id }) => id);
  }

  /** Leaves these students without an instructor for the moment, within a move that ends with `assign`. */
  release(tenantId: string, studentIds: readonly string[]): Promise<number> {
    return this.database.run(
      `-- students.release
      update student_progress set instructor_id = null
      where tenant_id = $1 and student_id = any ($2) and instructor_id is not null`,
      [tenantId, studentIds],
    );
  }

  closeRosterEntries(tenantId: string, studentIds: readonly string[], now: Date): Promise<number> {
    return this.database.run(
      `-- students.closeRosterEntries
      update roster_entries set valid_to = $3
      where tenant_id = $1 and student_id = any ($2) and valid_to is null and valid_from < $3`,
      [tenantId, studentIds, now],
    );
  }

  /**
   * Makes somebody responsible from `now` on, in the department that each student has by then: the list row, the
   * history, and the snapshot of today, which belongs to whoever is responsible at the end of the day. The students
   * are locked and fit the instructor.
   */
  async assign(
    tenantId: string,
    assignments: readonly Assignment[],
    { now, today }: { now: Date; today: string },
  ): Promise<void> {
    const studentIds = assignments.map(({ studentId }) => studentId);
    await this.closeRosterEntries(tenantId, studentIds, now);
    await this.database.run(
      `-- students.assign
      with assigned as (
        update student_progress p set instructor_id = new.instructor_id
        from unnest($2::uuid[], $3::uuid[]) as new (student_id, instructor_id)
        where p.tenant_id = $1 and p.student_id = new.student_id
        returning p.student_id, p.instructor_id, p.department_id
      ), entered as (
        insert into roster_entries (tenant_id, student_id, valid_from, instructor_id, department_id)
        select $1, a.student_id, greatest($4, open.valid_from), a.instructor_id, a.department_id
        from assigned a
        -- of a writer whose clock is ahead of ours
        left join roster_entries open
          on open.tenant_id = $1 and open.student_id = a.student_id and open.valid_to is null and open.valid_from >= $4
        on conflict (tenant_id, student_id, valid_from) do update
        set instructor_id = excluded.instructor_id, department_id = excluded.department_id
      )
      update progress_snapshots s set instructor_id = a.instructor_id, department_id = a.department_id
      from assigned a
      where s.tenant_id = $1 and s.student_id = a.student_id and s.day >= $5`,
      [tenantId, studentIds, assignments.map(({ instructorId }) => instructorId), now, today],
    );
  }
}
