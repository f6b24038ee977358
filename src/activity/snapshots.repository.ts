import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';

export interface StudentDay {
  readonly studentId: string;
  readonly day: string;
}

/** What a student's totals change by. */
export interface ProgressChange {
  readonly studentId: string;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
  /** Whose days they are; null: nobody's. */
  readonly instructorIds: (string | null)[];
}

@Injectable()
export class SnapshotsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Brings the snapshots of these days, and the set of active days that streaks are read from, to what the sessions
   * say. Reads the sessions of these days only. A day without sessions and without time has no snapshot. The
   * instructor and department of a new snapshot are those of the end of its day. What roll-ups have to add up anew is
   * marked with it, so that whoever sees the session finds the mark.
   */
  refresh(
    tenantId: string,
    days: readonly StudentDay[],
    { today, now }: { readonly today: string; readonly now: Date },
  ): Promise<ProgressChange[]> {
    return this.database.many<ProgressChange>(
      `-- activity.refreshSnapshots
      with tenant as (
        select time_zone, session_cap_seconds from tenants where id = $1
      ), touched as (
        select distinct session_cap_seconds, d.student_id, d.day, (d.day::timestamp at time zone time_zone) as begins,
          ((d.day + 1)::timestamp at time zone time_zone) as ends
        from tenant, unnest($2::uuid[], $3::date[]) as d (student_id, day)
      ), summed as (
        select t.student_id, t.day, t.ends,
          count(*) filter (where s.day = t.day) as sessions,
          count(*) filter (where own.completed) as sessions_completed,
          coalesce(sum(s.questions) filter (where own.completed), 0) as questions,
          coalesce(sum(s.correct) filter (where own.completed), 0) as correct,
          coalesce(sum(s.interactions) filter (where s.day = t.day), 0) as interactions,
          coalesce(sum(s.score) filter (where own.completed), 0) as score_sum,
          count(s.score) filter (where own.completed) as score_count,
          coalesce(sum(s.score) filter (where own.completed and s.kind = 'quiz'), 0) as quiz_score_sum,
          count(s.score) filter (where own.completed and s.kind = 'quiz') as quiz_score_count,
          coalesce(sum(s.score) filter (where own.completed and s.kind = 'voice'), 0) as voice_score_sum,
          count(s.score) filter (where own.completed and s.kind = 'voice') as voice_score_count,
          max(s.completed_at) filter (where own.completed) as last_session_at,
          range_agg(s.busy * tstzrange(t.begins, t.ends)) as busy,
          -- no time of day: the duration is known, but not what it overlaps
          coalesce(sum(least(s.duration_seconds, t.session_cap_seconds)) filter (where s.day = t.day
            and s.started_at is null and s.completed_at is null and s.duration_seconds is not null), 0) as untimed_seconds
        from touched t
        -- a session that ended on the day after may have begun on this one
        left join sessions s on s.tenant_id = $1 and s.student_id = t.student_id and s.day between t.day and t.day + 1
        left join lateral (select s.day = t.day and s.status = 'completed' as completed) own on true
        group by t.student_id, t.day, t.ends
      ), fresh as (
        select *, coalesce(busy_seconds(busy), 0) + untimed_seconds as time_spent_seconds from summed
      ), gone as (
        delete from progress_snapshots p using fresh f
        where p.tenant_id = $1 and p.student_id = f.student_id and p.day = f.day
          and f.sessions = 0 and f.time_spent_seconds = 0
        returning p.student_id, p.day, p.instructor_id, p.department_id
      ), kept as (
        insert into progress_snapshots as p (tenant_id, student_id, day, instructor_id, department_id, sessions,
          sessions_completed, time_spent_seconds, questions, correct, interactions, score_sum, score_count,
          quiz_score_sum, quiz_score_count, voice_score_sum, voice_score_count, last_session_at)
        select $1, f.student_id, f.day,
          case when entry.found then entry.instructor_id else s.instructor_id end,
          case when entry.found then entry.department_id else s.department_id end,
          f.sessions, f.sessions_completed, f.time_spent_seconds, f.questions, f.correct, f.interactions, f.score_sum,
          f.score_count, f.quiz_score_sum, f.quiz_score_count, f.voice_score_sum, f.voice_score_count,
          f.last_session_at
        from fresh f
        join student_progress s on s.tenant_id = $1 and s.student_id = f.student_id
        left join lateral (
          select true as found, r.instructor_id, r.department_id from roster_entries r
          where r.tenant_id = $1 and r.student_id = f.student_id and f.day < $4
          order by r.valid_from < f.ends desc, case when r.valid_from < f.ends then r.valid_from end desc, r.valid_from
          limit 1
        ) entry on true
        where f.sessions > 0 or f.time_spent_seconds > 0
        on conflict (tenant_id, student_id, day) do update
        set sessions = excluded.sessions, sessions_completed = excluded.sessions_completed,
          time_spent_seconds = excluded.time_spent_seconds, questions = excluded.questions,
          correct = excluded.correct, interactions = excluded.interactions, score_sum = excluded.score_sum,
          score_count = excluded.score_count, quiz_score_sum = excluded.quiz_score_sum,
          quiz_score_count = excluded.quiz_score_count, voice_score_sum = excluded.voice_score_sum,
          voice_score_count = excluded.voice_score_count, last_session_at = excluded.last_session_at,
          is_closed = false
        returning p.student_id, p.day, p.instructor_id, p.department_id
      ), changed as (
        select * from gone union all select * from kept
      ), responsible as (
        select student_id, array_agg(distinct instructor_id) as instructor_ids from changed group by student_id
      ), marked_students as (
        insert into stale_students as s (tenant_id, student_id, since)
        select distinct $1::uuid, student_id, $5::timestamptz from changed order by 2
        on conflict (tenant_id, student_id) do update set version = s.version + 1
      ), marked_days as (
        insert into stale_days as s (tenant_id, instructor_id, department_id, day, since)
        select distinct $1::uuid, coalesce(instructor_id, '${NIL}'), department_id, day, $5::timestamptz from changed
        order by 2, 3, 4
        on conflict (tenant_id, instructor_id, department_id, day) do update set version = s.version + 1
      ), activity as (
        select f.student_id,
          range_agg(daterange(f.day, f.day, '[]')) filter (where f.sessions_completed > 0) as gained,
          range_agg(daterange(f.day, f.day, '[]')) filter (where f.sessions_completed = 0) as lost,
          sum(f.sessions_completed - coalesce(o.sessions_completed, 0))::integer as sessions_completed,
          sum(f.time_spent_seconds - coalesce(o.time_spent_seconds, 0))::integer as time_spent_seconds
        from fresh f
        left join progress_snapshots o on o.tenant_id = $1 and o.student_id = f.student_id and o.day = f.day
        group by f.student_id
      ), streaks as (
        update active_days d set days = d.days + coalesce(a.gained, '{}') - coalesce(a.lost, '{}')
        from activity a
        where d.tenant_id = $1 and d.student_id = a.student_id
          and (not d.days @> coalesce(a.gained, '{}') or d.days && coalesce(a.lost, '{}'))
      )
      select student_id as "studentId", sessions_completed as "sessionsCompleted",
        time_spent_seconds as "timeSpentSeconds", coalesce(r.instructor_ids, '{}') as "instructorIds"
      from activity left join responsible r using (student_id)`,
      [tenantId, days.map(({ studentId }) => studentId), days.map(({ day }) => day), today, now],
    );
  }

  /** A late session changes the scores of every day after its own: they are closed once more. */
  reopenAfter(tenantId: string, days: readonly StudentDay[]): Promise<number> {
    return this.database.run(
      `-- activity.reopenSnapshots
      update progress_snapshots p set is_closed = false
      from (
        select student_id, min(day) as day from unnest($2::uuid[], $3::date[]) as d (student_id, day) group by student_id
      ) late
      where p.tenant_id = $1 and p.student_id = late.student_id and p.day > late.day and p.is_closed`,
      [tenantId, days.map(({ studentId }) => studentId), days.map(({ day }) => day)],
    );
  }
}
