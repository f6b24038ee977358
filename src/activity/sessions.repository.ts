import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Session } from './session-input.js';

export interface RecordedSession {
  /** Position in the list that was handed over. */
  readonly index: number;
  readonly result: 'accepted' | 'duplicate' | 'module_unknown' | 'session_of_other_student';
  readonly studentId: string;
  /** Local days whose numbers change: the session's own, the one it began on, and those it had before a correction. */
  readonly days: string[];
}

@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes sessions and what they add to their categories. A session is taken when its id is new, or its `updatedAt`
   * newer than what is stored; then it replaces the old one, on whatever day that was. The caller holds the students'
   * locks, and no id occurs twice in `sessions`.
   */
  record(tenantId: string, sessions: readonly Session[], now: Date): Promise<RecordedSession[]> {
    return this.database.many<RecordedSession>(
      `-- activity.recordSessions
      with tenant as (
        select time_zone from tenants where id = $1
      ), item as (
        select i.*, coalesce(i.day, (coalesce(i."busyTo", i."completedAt", i."startedAt") at time zone time_zone)::date) as local_day,
          (i."busyFrom" at time zone time_zone)::date as first_day, tstzrange(i."busyFrom", i."busyTo") as busy
        from tenant, json_to_recordset($2::json) as i (
          index integer, id uuid, "studentId" uuid, "moduleId" uuid, "moduleCode" text, kind text, status text,
          score numeric, questions integer, correct integer, "durationSeconds" integer, interactions integer,
          "startedAt" timestamptz, "completedAt" timestamptz, day date, answers jsonb, "updatedAt" timestamptz,
          "busyFrom" timestamptz, "busyTo" timestamptz
        )
      ), placed as (
        select i.*, m.id as module_id, m.category_id, coalesce(i.kind, m.kind) as module_kind
        from item i
        left join modules m on m.tenant_id = $1 and (m.id = i."moduleId" or m.code = i."moduleCode")
      ), known as (
        select k.session_id, k.student_id, k.day, k.updated_at, s.category_id, s.status, s.questions, s.correct, s.score,
          (lower(s.busy) at time zone time_zone)::date as first_day
        from tenant, item i
        join session_keys k on k.tenant_id = $1 and k.session_id = i.id
        left join sessions s
          on s.tenant_id = $1 and s.student_id = k.student_id and s.day = k.day and s.id = k.session_id
      ), claimed as (
        insert into session_keys (tenant_id, session_id, student_id, day, updated_at)
        select $1, id, "studentId", local_day, "updatedAt" from placed where module_id is not null
        on conflict (tenant_id, session_id) do update set day = excluded.day, updated_at = excluded.updated_at
        where session_keys.student_id = excluded.student_id and session_keys.updated_at < excluded.updated_at
        returning session_id
      ), taken as (
        select p.* from placed p join claimed c on c.session_id = p.id
      ), replaced as (
        select k.* from known k join claimed c using (session_id)
      ), moved as (
        delete from sessions s using replaced r join taken t on t.id = r.session_id
        where s.tenant_id = $1 and s.student_id = r.student_id and s.day = r.day and s.id = r.session_id
          and r.day <> t.local_day
      ), written as (
        insert into sessions as s (tenant_id, student_id, day, id, module_id, category_id, kind, status, score,
          questions, correct, duration_seconds, interactions, started_at, completed_at, busy, answers, updated_at,
          recorded_at)
        select $1, "studentId", local_day, id, module_id, category_id, module_kind, status, score, questions, correct,
          "durationSeconds", interactions, "startedAt", "completedAt", case when "busyTo" is not null then busy end,
          answers, "updatedAt", $3
        from taken
        on conflict (tenant_id, student_id, day, id) do update
        set module_id = excluded.module_id, category_id = excluded.category_id, kind = excluded.kind,
          status = excluded.status, score = excluded.score, questions = excluded.questions,
          correct = excluded.correct, duration_seconds = excluded.duration_seconds,
          interactions = excluded.interactions, started_at = excluded.started_at,
          completed_at = excluded.completed_at, busy = excluded.busy, answers = excluded.answers,
          updated_at = excluded.updated_at, recorded_at = excluded.recorded_at
      ), change as (
        select "studentId" as student_id, category_id, 1 as sign, questions, correct, score
        from taken where status = 'completed'
        union all
        select student_id, category_id, -1, questions, correct, score from replaced where status = 'completed'
      ), categories as (
        insert into category_progress as c
          (tenant_id, student_id, category_id, sessions_completed, questions, correct, score_sum, score_count)
        select $1, student_id, category_id, sum(sign), coalesce(sum(sign * questions), 0),
          coalesce(sum(sign * correct), 0), coalesce(sum(sign * score), 0),
          coalesce(sum(sign) filter (where score is not null), 0)
        from change group by student_id, category_id
        on conflict (tenant_id, student_id, category_id) do update
        set sessions_completed = c.sessions_completed + excluded.sessions_completed,
          questions = c.questions + excluded.questions, correct = c.correct + excluded.correct,
          score_sum = c.score_sum + excluded.score_sum, score_count = c.score_count + excluded.score_count
      )
      select p.index, p."studentId",
        case
          when p.module_id is null then 'module_unknown'
          when t.id is not null then 'accepted'
          when k.student_id = p."studentId" then 'duplicate'
          else 'session_of_other_student'
        end as result,
        case when t.id is null then '{}'
          else array_remove(array[p.local_day, p.first_day, k.day, k.first_day], null)
        end::text[] as days
      from placed p
      left join taken t on t.id = p.id
      left join known k on k.session_id = p.id`,
      [tenantId, JSON.stringify(sessions.map((session, index) => ({ index, ...session }))), now],
    );
  }
}
