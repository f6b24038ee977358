import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

@Injectable()
export class DayCloseRepository {
  constructor(private readonly database: Database) {}

  /**
   * Closes the open snapshots of these students that lie before `today`: the overall score as it was at the end of
   * each day, its change since the snapshot before, the busiest hour and the mean length. The caller holds the
   * students' locks.
   *
   * The score of a day is what the categories say today without all that came later. Rows of three kinds are added up
   * from the last day back to the first open one: what the categories hold (at infinity), what a day's sessions put
   * into them (taken away), and nothing (days and categories that ask). No two of these lists are joined: their sizes
   * cannot be estimated, and a nested loop over them would be quadratic.
   * @returns the number of snapshots closed
   */
  closeSnapshots(tenantId: string, studentIds: readonly string[], today: string): Promise<number> {
    return this.database.run(
      `-- activity.closeSnapshots
      with first as materialized (
        select s.student_id, min(s.day) as day
        from unnest($2::uuid[]) as closing (student_id)
        join progress_snapshots s on s.tenant_id = $1 and s.student_id = closing.student_id
        where s.day < $3 and not s.is_closed
        group by s.student_id
      ), open as materialized (
        select s.student_id, s.day, s.day = f.day as is_first
        from first f
        join progress_snapshots s on s.tenant_id = $1 and s.student_id = f.student_id and s.day >= f.day
        where s.day < $3
      ), session as materialized (
        select s.student_id, s.day, s.category_id, s.status, s.questions, s.correct, s.score, s.duration_seconds,
          extract(hour from coalesce(s.completed_at, s.started_at) at time zone t.time_zone) as hour
        from tenants t, first f
        join sessions s on s.tenant_id = $1 and s.student_id = f.student_id and s.day >= f.day
        where t.id = $1
      ), point as (
        select c.student_id, c.category_id, 'infinity'::date as day, c.questions, c.correct, c.score_sum, c.score_count
        from first f join category_progress c on c.tenant_id = $1 and c.student_id = f.student_id
        union all
        select student_id, category_id, day, -questions, -correct, -score, -(score is not null)::integer
        from session where status = 'completed'
        union all
        select o.student_id, c.category_id, o.day, 0, 0, 0, 0
        from open o join category_progress c on c.tenant_id = $1 and c.student_id = o.student_id
      ), category_day as (
        select student_id, category_id, day, coalesce(sum(questions), 0) as questions,
          coalesce(sum(correct), 0) as correct, coalesce(sum(score_sum), 0) as score_sum,
          sum(score_count) as score_count
        from point group by student_id, category_id, day
      ), accuracy as (
        select student_id, day, category_accuracy(sum(questions) over later, sum(correct) over later,
          sum(score_sum) over later, sum(score_count) over later) as accuracy
        from category_day
        window later as (
          partition by student_id, category_id order by day desc rows between unbounded preceding and 1 preceding
        )
      ), figure as (
        select student_id, day, accuracy, null::numeric as peak_hour, null::numeric as mean_session_seconds,
          null::boolean as is_first
        from accuracy where day < $3
        union all
        select student_id, day, null, mode() within group (order by hour), avg(duration_seconds), null
        from session where day < $3 group by student_id, day
        union all
        select student_id, day, null, null, null, is_first from open
      ), closed as (
        select student_id, day, round(avg(accuracy), 2) as overall_score, max(peak_hour) as peak_hour,
          round(max(mean_session_seconds)) as mean_session_seconds, bool_or(is_first) as is_first
        from figure group by student_id, day
      ), compared as (
        select c.*, case
          when is_first then (
            select s.overall_score from progress_snapshots s
            where s.tenant_id = $1 and s.student_id = c.student_id and s.day < c.day order by s.day desc limit 1
          )
          else lag(overall_score) over (partition by student_id order by day)
        end as score_before
        from closed c
      )
      update progress_snapshots p
      set is_closed = true, overall_score = c.overall_score, improvement_delta = c.overall_score - c.score_before,
        peak_hour = c.peak_hour, mean_session_seconds = c.mean_session_seconds
      from compared c
      where p.tenant_id = $1 and p.student_id = c.student_id and p.day = c.day and p.day < $3 and not p.is_closed`,
      [tenantId, studentIds, today],
    );
  }

  /** @returns false when the day had been closed before */
  async markClosed(tenantId: string, day: string): Promise<boolean> {
    const changed = await this.database.run(
      `-- activity.markDayClosed
      update tenants set closed_day = $2 where id = $1 and (closed_day is null or closed_day < $2)`,
      [tenantId, day],
    );
    return changed === 1;
  }
}
