import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

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

  /** Totals, scores, streaks and window figures of these students, from categories and daily rows. */
  refresh(tenantId: string, changes: readonly TotalsChange[], today: string): Promise<number> {
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
        last_active_on = streak.last_active_on, last_active_at = streak.last_active_at
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
      ],
    );
  }
}
