import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Moment } from '../org/tenants.service.js';

export interface LockedStudent {
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly departmentId: string;
}

/** What activity has added to a student's totals. */
export interface TotalsChange {
  readonly studentId: string;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
}

export interface ClosableStudent {
  readonly studentId: string;
  /** Whether snapshots of days that are over are still open. */
  readonly hasOpenDays: boolean;
}

export interface ScoredStudent extends LockedStudent {
  /** Of the last score, shown or not; null: there has been none. */
  readonly riskDay: string | null;
  readonly announcedBand: string | null;
  readonly riskThreshold: number;
}

/** Null: there is too little to show a score. */
export interface NewRisk {
  readonly studentId: string;
  readonly score: number | null;
  readonly announcedBand: string | null;
}

/** Figures over the last 28 or 30 local days, per student, from daily rows; `$today` is the last day. */
const windowFigures = (today: string): string => `
  round(sum(quiz_score_sum) filter (where day > ${today} - 30)
    / nullif(sum(quiz_score_count) filter (where day > ${today} - 30), 0), 2) as quiz_accuracy,
  round(sum(voice_score_sum) filter (where day > ${today} - 30)
    / nullif(sum(voice_score_count) filter (where day > ${today} - 30), 0), 2) as voice_accuracy,
  case when sum(score_count) filter (where day > ${today} - 14) >= 3
    and sum(score_count) filter (where day > ${today} - 28 and day <= ${today} - 14) >= 3
  then round(sum(score_sum) filter (where day > ${today} - 14) / sum(score_count) filter (where day > ${today} - 14)
    - sum(score_sum) filter (where day > ${today} - 28 and day <= ${today} - 14)
      / sum(score_count) filter (where day > ${today} - 28 and day <= ${today} - 14), 2)
  end as improvement_rate,
  round(count(*) filter (where sessions_completed > 0 and day > ${today} - 28 and day <= ${today}) * 100.0 / 28, 2)
    as consistency_score`;

/** Streaks from the set of active days: \`days\` is a datemultirange whose parts are the runs. */
const streaks = (today: string): string => `
  (select max(upper(run) - lower(run)) from unnest(days) run) as longest_streak,
  (select max(upper(run) - lower(run)) from unnest(days) run where upper(run) >= ${today}) as current_streak,
  upper(days) - 1 as last_active_on`;

@Injectable()
export class ProgressRepository {
  constructor(private readonly database: Database) {}

  /** Active students among these ids, locked in the order of their ids so that writers cannot block each other. */
  lock(tenantId: string, studentIds: readonly string[]): Promise<LockedStudent[]> {
    return this.database.many<LockedStudent>(
      `-- students.lockProgress
      select student_id as "studentId", instructor_id as "instructorId", department_id as "departmentId"
      from student_progress
      where tenant_id = $1 and student_id = any ($2) and is_active
      order by student_id
      for no key update`,
      [tenantId, studentIds],
    );
  }

  /** Active students among these ids, locked like by `lock`, and what is known of their risk. */
  lockRisk(tenantId: string, studentIds: readonly string[]): Promise<ScoredStudent[]> {
    return this.database.many<ScoredStudent>(
      `-- students.lockRisk
      select student_id as "studentId", instructor_id as "instructorId", department_id as "departmentId",
        risk_day as "riskDay", risk_announced_band as "announcedBand", risk_threshold as "riskThreshold"
      from student_progress
      where tenant_id = $1 and student_id = any ($2) and is_active
      order by student_id
      for no key update`,
      [tenantId, studentIds],
    );
  }

  /** Scores of a day of locked students. @param isNow of this moment: whatever made them due is in them */
  async setRisk(tenantId: string, scores: readonly NewRisk[], day: string, isNow: boolean): Promise<void> {
    await this.database.run(
      `-- students.setRisk
      update student_progress p
      set risk_score = new.score, risk_day = $3, risk_announced_band = new."announcedBand",
        risk_due_since = case when not $4 then p.risk_due_since end
      from jsonb_to_recordset($2::jsonb) as new ("studentId" uuid, score numeric, "announcedBand" text)
      where p.tenant_id = $1 and p.student_id = new."studentId"`,
      [tenantId, JSON.stringify(scores), day, isNow],
    );
  }

  /**
   * Of these students the active ones whose risk has to be scored, and their departments.
   * @param since only those for whom this has been so since then, or longer; null: all of them
   */
  listRiskDue(
    tenantId: string,
    studentIds: readonly string[],
    since: string | null,
  ): Promise<{ studentId: string; departmentId: string }[]> {
    return this.database.many<{ studentId: string; departmentId: string }>(
      `-- students.listRiskDue
      select student_id as "studentId", department_id as "departmentId" from student_progress
      where tenant_id = $1 and student_id = any ($2) and is_active
        and ($3::timestamptz is null or risk_due_since <= $3)`,
      [tenantId, studentIds, since],
    );
  }

  /** Of students who were found to be duplicates: whose. */
  listMerged(tenantId: string, studentIds: readonly string[]): Promise<{ studentId: string; intoId: string }[]> {
    return this.database.many<{ studentId: string; intoId: string }>(
      `-- students.listMerged
      select id as "studentId", merged_into_id as "intoId" from users
      where tenant_id = $1 and id = any ($2) and merged_into_id is not null`,
      [tenantId, studentIds],
    );
  }

  /** All students among these ids, active or not, in the same order. Comes before any lock on their rows in `users`. */
  lockAll(tenantId: string, studentIds: readonly string[]): Promise<LockedStudent[]> {
    return this.database.many<LockedStudent>(
      `-- students.lockAllProgress
      select student_id as "studentId", instructor_id as "instructorId", department_id as "departmentId"
      from student_progress
      where tenant_id = $1 and student_id = any ($2)
      order by student_id
      for no key update`,
      [tenantId, studentIds],
    );
  }

  /**
   * Totals, scores, streaks and window figures of these students, from categories and daily rows; their risk has to be
   * scored anew.
   */
  refresh(tenantId: string, changes: readonly TotalsChange[], { today, now }: Moment): Promise<number> {
    return this.database.run(
      `-- students.refreshProgress
      update student_progress p
      set has_started = true,
        sessions_completed = p.sessions_completed + change.sessions_completed,
        total_time_spent_seconds = p.total_time_spent_seconds + change.time_spent_seconds,
        overall_score = category.overall_score,
        quiz_accuracy = figure.quiz_accuracy, voice_accuracy = figure.voice_accuracy,
        improvement_rate = figure.improvement_rate, consistency_score = figure.consistency_score,
        longest_streak = coalesce(streak.longest_streak, 0), current_streak = coalesce(streak.current_streak, 0),
        last_active_on = streak.last_active_on, last_active_at = streak.last_active_at,
        risk_due_since = coalesce(p.risk_due_since, $6)
      from unnest($2::uuid[], $3::integer[], $4::integer[])
        as change (student_id, sessions_completed, time_spent_seconds)
      left join lateral (
        select round(avg(category_accuracy(questions, correct, score_sum, score_count)), 2) as overall_score
        from category_progress where tenant_id = $1 and student_id = change.student_id
      ) category on true
      left join lateral (
        select ${windowFigures('$5::date')}
        from progress_snapshots where tenant_id = $1 and student_id = change.student_id and day > $5::date - 30
      ) figure on true
      left join lateral (
        select run.*, s.last_session_at as last_active_at
        from (
          select ${streaks('$5::date')} from active_days where tenant_id = $1 and student_id = change.student_id
        ) run
        left join progress_snapshots s
          on s.tenant_id = $1 and s.student_id = change.student_id and s.day = run.last_active_on
      ) streak on true
      where p.tenant_id = $1 and p.student_id = change.student_id`,
      [
        tenantId,
        changes.map(({ studentId }) => studentId),
        changes.map(({ sessionsCompleted }) => sessionsCompleted),
        changes.map(({ timeSpentSeconds }) => timeSpentSeconds),
        today,
        now,
      ],
    );
  }

  /** The id that ends the next `size` students after `after`; null when there are none. */
  async endOfChunk(tenantId: string, after: string, size: number): Promise<string | null> {
    const end = await this.database.maybeOne<{ studentId: string }>(
      `-- students.endOfProgressChunk
      select student_id as "studentId" from (
        select student_id from student_progress where tenant_id = $1 and student_id > $2 order by student_id limit $3
      ) chunk
      order by student_id desc limit 1`,
      [tenantId, after, size],
    );
    return end?.studentId ?? null;
  }

  /**
   * Locks, in the order of their ids, students whose numbers the end of a day may change: those with figures that move
   * at midnight, and those with open snapshots before `today`, active or not. Ends early where more than `mostDays`
   * open snapshots would come together, but takes at least one student.
   * @param range students with ids above `after`, up to and with `through`
   */
  lockForClose(
    tenantId: string,
    range: { readonly after: string; readonly through: string },
    today: string,
    mostDays: number,
  ): Promise<ClosableStudent[]> {
    return this.database.many<ClosableStudent>(
      `-- students.lockForClose
      with candidate as (
        select p.student_id, open.days
        from student_progress p
        cross join lateral (
          select count(*) as days from progress_snapshots s
          where s.tenant_id = $1 and s.student_id = p.student_id and s.day < $4 and not s.is_closed
        ) open
        where p.tenant_id = $1 and p.student_id > $2 and p.student_id <= $3
          and (open.days > 0 or p.current_streak > 0 or p.consistency_score > 0 or p.quiz_accuracy is not null
            or p.voice_accuracy is not null or p.improvement_rate is not null)
      ), within as (
        select student_id, days, sum(days) over (order by student_id) - days as days_before from candidate
      )
      select p.student_id as "studentId", w.days > 0 as "hasOpenDays"
      from within w join student_progress p on p.tenant_id = $1 and p.student_id = w.student_id
      where w.days_before < $5
      order by p.student_id
      for no key update of p`,
      [tenantId, range.after, range.through, today, mostDays],
    );
  }

  /**
   * What moves at midnight without any session: streaks and the figures of 28 and 30 days. Rows that stay as they are
   * are not written. @returns the students whose figures changed
   */
  async moveWindows(tenantId: string, studentIds: readonly string[], today: string): Promise<string[]> {
    const moved = await this.database.many<{ studentId: string }>(
      `-- students.moveProgressWindows
      update student_progress p
      set quiz_accuracy = figure.quiz_accuracy, voice_accuracy = figure.voice_accuracy,
        improvement_rate = figure.improvement_rate, consistency_score = figure.consistency_score,
        current_streak = coalesce(streak.current_streak, 0)
      from unnest($2::uuid[]) as moving (student_id)
      cross join lateral (
        select ${windowFigures('$3::date')}
        from progress_snapshots where tenant_id = $1 and student_id = moving.student_id and day > $3::date - 30
      ) figure
      left join lateral (
        select ${streaks('$3::date')} from active_days where tenant_id = $1 and student_id = moving.student_id
      ) streak on true
      where p.tenant_id = $1 and p.student_id = moving.student_id
        and (p.quiz_accuracy, p.voice_accuracy, p.improvement_rate, p.consistency_score, p.current_streak)
          is distinct from (figure.quiz_accuracy, figure.voice_accuracy, figure.improvement_rate,
            figure.consistency_score, coalesce(streak.current_streak, 0))
      returning p.student_id as "studentId"`,
      [tenantId, studentIds, today],
    );
    return moved.map(({ studentId }) => studentId);
  }

  /**
   * What these students have to do and have done, counted anew; called by whatever changes that, in its transaction.
   * Rows that stay as they are are not written. @returns the students whose counts changed
   */
  async refreshAssignments(tenantId: string, studentIds: readonly string[], now: Date): Promise<string[]> {
    const refreshed = await this.database.many<{ studentId: string }>(
      `-- students.refreshAssignments
      with counted as (
        select counting.student_id, count(w.student_id) as assigned, count(w.student_id) filter (where w.is_done) as completed
        from unnest($2::uuid[]) as counting (student_id)
        left join work_at($1, $3) w on w.student_id = counting.student_id and w.is_assigned
        group by counting.student_id
      )
      update student_progress p
      set assignments_assigned = c.assigned, assignments_completed = c.completed,
        completion_rate = round(c.completed * 100.0 / nullif(c.assigned, 0), 2)
      from counted c
      where p.tenant_id = $1 and p.student_id = c.student_id
        and (p.assignments_assigned, p.assignments_completed) <> (c.assigned, c.completed)
      returning p.student_id as "studentId"`,
      [tenantId, studentIds, now],
    );
    return refreshed.map(({ studentId }) => studentId);
  }

  /** What a student had before the other's own history begins becomes the beginning of that; the rest ends where it is. */
  async mergeHistory(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- students.mergeRosterEntries
      insert into roster_entries (tenant_id, student_id, valid_from, valid_to, instructor_id, department_id)
      select $1, $3, e.valid_from, least(coalesce(e.valid_to, 'infinity'), own.begins), e.instructor_id, e.department_id
      from roster_entries e
      cross join (
        select min(valid_from) as begins from roster_entries where tenant_id = $1 and student_id = $3
      ) own
      where e.tenant_id = $1 and e.student_id = $2 and e.valid_from < own.begins`,
      [tenantId, fromId, intoId],
    );
  }

  /**
   * Goals go to who has none; whoever did not want to be on leaderboards still does not. The giver is on no roster and
   * has never started.
   */
  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- students.giveAwayProgress
      with giver as (
        select target_score, target_on, takes_part from student_progress where tenant_id = $1 and student_id = $2
      ), days as (
        update active_days set days = '{}' where tenant_id = $1 and student_id = $2
      )
      update student_progress p
      set target_score = case when p.student_id = $3 then coalesce(p.target_score, giver.target_score) end,
        target_on = case when p.student_id = $3 then coalesce(p.target_on, giver.target_on) end,
        goals_version = p.goals_version + 1,
        takes_part = coalesce(p.takes_part and giver.takes_part, p.takes_part, giver.takes_part)
      from giver
      where p.tenant_id = $1 and p.student_id in ($2, $3)`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- students.resetProgress
      update student_progress
      set instructor_id = null, has_started = false, sessions_completed = 0, overall_score = null, completion_rate = null,
        assignments_assigned = 0, assignments_completed = 0,
        quiz_accuracy = null, voice_accuracy = null, improvement_rate = null, consistency_score = 0,
        current_streak = 0, longest_streak = 0, total_time_spent_seconds = 0, last_active_on = null,
        last_active_at = null, risk_score = null, risk_day = null, risk_announced_band = null, risk_due_since = null
      where tenant_id = $1 and student_id = $2`,
      [tenantId, fromId],
    );
  }

  /** Removes the counts of rosters, departments and days that nobody is in any more. */
  pruneCounts(tenantId: string): Promise<number> {
    return this.database.run(
      `-- students.pruneRosterCounts
      delete from roster_counts
      where (tenant_id, instructor_id, department_id, last_active_on) in (
        select tenant_id, instructor_id, department_id, last_active_on from roster_counts
        where tenant_id = $1 and students = 0
        -- a row that a writer holds is about to be used again
        for update skip locked
      )`,
      [tenantId],
    );
  }

  /** Everybody who has a roster; null stands for the students of nobody. */
  async listInstructors(tenantId: string): Promise<(string | null)[]> {
    const rows = await this.database.many<{ instructorId: string | null }>(
      `-- students.listRosterInstructors
      select distinct nullif(instructor_id, '00000000-0000-0000-0000-000000000000') as "instructorId"
      from roster_counts where tenant_id = $1`,
      [tenantId],
    );
    return rows.map(({ instructorId }) => instructorId);
  }
}
