import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';

/** A day of one instructor's students of one department; the nil id stands for nobody's. */
export interface Cell {
  readonly instructorId: string;
  readonly departmentId: string;
  readonly day: string;
}

/** A mark as it was found: whoever marks anew what is marked counts its version up. */
export interface CellMark extends Cell {
  readonly version: number;
}

export interface StudentMark {
  readonly studentId: string;
  readonly version: number;
}

/** Whether it is this transaction's to add up, until it ends. */
export interface Taken {
  readonly isFree: boolean;
}

/** What is marked. */
export interface Stale {
  readonly students: number;
  readonly cells: number;
}

/** Who has done something in some cells: every day with a session has a snapshot, which says whose it was. */
const cellsAndStudents = `cell as materialized (
        select * from unnest($2::uuid[], $3::uuid[], $4::date[]) as c (instructor_id, department_id, day)
      ), student_day as (
        select c.instructor_id, c.department_id, c.day, p.student_id
        from cell c
        join progress_snapshots p on p.tenant_id = $1 and p.instructor_id = c.instructor_id and p.day = c.day
          and p.department_id = c.department_id
        where p.day between $5 and $6
        union all
        select c.instructor_id, c.department_id, c.day, p.student_id
        from cell c
        join progress_snapshots p on p.tenant_id = $1 and p.instructor_id is null and p.day = c.day
          and p.department_id = c.department_id
        where p.day between $5 and $6 and c.instructor_id = '${NIL}'
      )`;

/**
 * And what. One look-up for each student and day: how many there are cannot be estimated, and a join might read all that
 * the month holds.
 */
const cellsAndSessions = `${cellsAndStudents}, session as (
        select d.instructor_id, d.department_id, s.*
        from student_day d
        cross join lateral (
          select * from sessions
          where tenant_id = $1 and student_id = d.student_id and day = d.day and day between $5 and $6
          offset 0
        ) s
      )`;

/** The rows of some cells become those of `fresh`; what is equal is not written. */
function replaceRows(table: string, part: readonly string[], sums: readonly string[]): string {
  const key = ['instructor_id', 'department_id', 'day', ...part];
  const tuple = (alias: string, columns: readonly string[]): string => columns.map((c) => `${alias}.${c}`).join(', ');
  return `before as materialized (
        select d.* from cell c
        cross join lateral (
          select ctid as place, ${key.join(', ')} from ${table}
          where tenant_id = $1 and instructor_id = c.instructor_id and department_id = c.department_id and day = c.day
          offset 0
        ) d
      ), gone as (
        delete from ${table} where tenant_id = $1 and ctid = any (array(
          select b.place from before b where (${tuple('b', key)}) not in (select ${tuple('f', key)} from fresh f)
        ))
      )
      insert into ${table} as d (tenant_id, ${[...key, ...sums].join(', ')})
      select $1, ${tuple('f', [...key, ...sums])} from fresh f
      on conflict (tenant_id, ${key.join(', ')}) do update
      set ${sums.map((column) => `${column} = excluded.${column}`).join(', ')}
      where (${tuple('d', sums)}) is distinct from (${tuple('excluded', sums)})`;
}

@Injectable()
export class RollUpsRepository {
  constructor(private readonly database: Database) {}

  /** Marks every day of `[from, to]` that anybody has done something on, or is said to. */
  markDays(tenantId: string, from: string, to: string, now: Date): Promise<number> {
    return this.database.run(
      `-- analytics.markDays
      insert into stale_days as s (tenant_id, instructor_id, department_id, day, since)
      select $1, instructor_id, department_id, day, $4 from (
        select instructor_id, department_id, day from roster_days where tenant_id = $1 and day between $2 and $3
        union
        select instructor_id, department_id, day from module_days where tenant_id = $1 and day between $2 and $3
      ) cell
      order by instructor_id, department_id, day
      on conflict (tenant_id, instructor_id, department_id, day) do update set version = s.version + 1`,
      [tenantId, from, to, now],
    );
  }

  /** Marks the next students by id. @returns the last of them, null when there are none */
  async markNextStudents(tenantId: string, after: string, limit: number, now: Date): Promise<string | null> {
    const { last } = await this.database.one<{ last: string | null }>(
      `-- analytics.markNextStudents
      with student as materialized (
        select student_id from student_progress where tenant_id = $1 and student_id > $2 order by student_id limit $3
      ), marked as (
        insert into stale_students as s (tenant_id, student_id, since)
        select $1, student_id, $4 from student order by student_id
        on conflict (tenant_id, student_id) do update set version = s.version + 1
      )
      select max(student_id::text) as last from student`,
      [tenantId, after, limit, now],
    );
    return last;
  }

  countStale(tenantId: string): Promise<Stale> {
    return this.database.one<Stale>(
      `-- analytics.countStale
      select (select count(*)::integer from stale_students where tenant_id = $1) as students,
        (select count(*)::integer from stale_days where tenant_id = $1) as cells`,
      [tenantId],
    );
  }

  /** The next marks of students by id. Whose another transaction has taken up is not `free` until that ends. */
  takeUpStudents(tenantId: string, after: string, limit: number): Promise<(StudentMark & Taken)[]> {
    return this.database.many<StudentMark & Taken>(
      `-- analytics.takeUpStudents
      with next as materialized (
        select student_id, version from stale_students where tenant_id = $1 and student_id > $2
        order by student_id limit $3
      )
      select student_id as "studentId", version,
        pg_try_advisory_xact_lock(hashtextextended('analytics ' || $1 || ' ' || student_id, 0)) as "isFree"
      from next order by student_id`,
      [tenantId, after, limit],
    );
  }

  /** Unless they have been marked anew meanwhile, which whoever has the row locked is about to. */
  async unmarkStudents(tenantId: string, marks: readonly StudentMark[]): Promise<void> {
    await this.database.run(
      `-- analytics.unmarkStudents
      delete from stale_students where tenant_id = $1 and ctid = any (array(
        select s.ctid from unnest($2::uuid[], $3::integer[]) as m (student_id, version)
        join stale_students s on s.tenant_id = $1 and s.student_id = m.student_id and s.version = m.version
        for update of s skip locked
      ))`,
      [tenantId, marks.map(({ studentId }) => studentId), marks.map(({ version }) => version)],
    );
  }

  /**
   * Which modules these students have worked on, from all of their sessions, those that are gone included. Where a first session or a first completed
   * one lies on another day than before, both days are marked.
   */
  async refreshStudents(tenantId: string, studentIds: readonly string[], now: Date): Promise<void> {
    await this.database.run(
      `-- analytics.refreshStudentModules
      with student as materialized (
        select id from unnest($2::uuid[]) as s (id)
      ), fresh as materialized (
        select s.student_id, s.module_id, min(s.first_on) as first_on, min(s.first_completed_on) as first_completed_on,
          max(s.last_on) as last_on, sum(s.sessions)::integer as sessions
        from student
        cross join lateral (
          select student_id, module_id, day as first_on, case status when 'completed' then day end as first_completed_on,
            day as last_on, 1 as sessions
          from sessions where tenant_id = $1 and student_id = student.id
          union all
          -- what is not kept any more
          select student_id, module_id, past_first_on, past_first_completed_on, past_last_on, past_sessions
          from student_modules where tenant_id = $1 and student_id = student.id and past_sessions > 0
          offset 0
        ) s
        group by s.student_id, s.module_id
      ), before as materialized (
        select m.*
        from student
        cross join lateral (
          select ctid as place, student_id, module_id, first_on, first_completed_on from student_modules
          where tenant_id = $1 and student_id = student.id
          offset 0
        ) m
      ), gone as (
        delete from student_modules where tenant_id = $1 and ctid = any (array(
          select b.place from before b where (b.student_id, b.module_id) not in (
            select f.student_id, f.module_id from fresh f
          )
        ))
      ), kept as (
        insert into student_modules as m
          (tenant_id, student_id, module_id, first_on, first_completed_on, last_on, sessions)
        select $1, student_id, module_id, first_on, first_completed_on, last_on, sessions from fresh
        on conflict (tenant_id, student_id, module_id) do update
        set first_on = excluded.first_on, first_completed_on = excluded.first_completed_on,
          last_on = excluded.last_on, sessions = excluded.sessions
        where (m.first_on, m.first_completed_on, m.last_on, m.sessions)
          is distinct from (excluded.first_on, excluded.first_completed_on, excluded.last_on, excluded.sessions)
      ), moved as materialized (
        select distinct student_id, unnest(array[
          b.first_on, f.first_on, b.first_completed_on, f.first_completed_on
        ]) as day
        from before b full join fresh f using (student_id, module_id)
        where (b.first_on, b.first_completed_on) is distinct from (f.first_on, f.first_completed_on)
      )
      insert into stale_days as s (tenant_id, instructor_id, department_id, day, since)
      select distinct $1::uuid, coalesce(p.instructor_id, '${NIL}'), p.department_id, p.day, $3::timestamptz
      from moved m
      cross join lateral (
        select instructor_id, department_id, day from progress_snapshots
        where tenant_id = $1 and student_id = m.student_id and day = m.day
        offset 0
      ) p
      order by 1, 2, 3, 4
      on conflict (tenant_id, instructor_id, department_id, day) do update set version = s.version + 1`,
      [tenantId, studentIds, now],
    );
  }

  /**
   * Marks that come after this one, the newest day first; null for the very first. What another transaction has taken up
   * is not `free` until that ends.
   * @param limit how many
   * @param sessions how many there may be in them together, but for the first
   */
  takeUpCells(tenantId: string, after: Cell | null, limit: number, sessions: number): Promise<(CellMark & Taken)[]> {
    return this.database.many<CellMark & Taken>(
      `-- analytics.takeUpCells
      with next as materialized (
        select instructor_id, department_id, day, version from stale_days
        where tenant_id = $1 and day <= $2 and (day < $2 or (instructor_id, department_id) > ($3, $4))
        order by day desc, instructor_id, department_id limit $5
      ), measured as materialized (
        select n.*, sum(coalesce(r.sessions, 0)) over (order by n.day desc, n.instructor_id, n.department_id) as sessions,
          row_number() over (order by n.day desc, n.instructor_id, n.department_id) as number
        from next n
        left join roster_days r on r.tenant_id = $1 and r.instructor_id = n.instructor_id
          and r.department_id = n.department_id and r.day = n.day
      )
      select instructor_id as "instructorId", department_id as "departmentId", day, version,
        pg_try_advisory_xact_lock(hashtextextended(
          concat_ws(' ', 'analytics', $1::text, instructor_id, department_id, day), 0
        )) as "isFree"
      from measured where number = 1 or sessions <= $6 order by number`,
      [tenantId, after?.day ?? 'infinity', after?.instructorId ?? NIL, after?.departmentId ?? NIL, limit, sessions],
    );
  }

  /**
   * Unless they have been marked anew meanwhile, which whoever has the row locked is about to, or it is not settled yet
   * what somebody did first: days of students with a mark of their own keep theirs.
   */
  async unmarkCells(tenantId: string, marks: readonly CellMark[]): Promise<void> {
    await this.database.run(
      `-- analytics.unmarkCells
      with ${cellsAndStudents}, unsettled as materialized (
        select distinct d.instructor_id, d.department_id, d.day
        from student_day d
        cross join lateral (
          select from stale_students where tenant_id = $1 and student_id = d.student_id offset 0
        ) s
      )
      delete from stale_days where tenant_id = $1 and ctid = any (array(
        select s.ctid from unnest($2::uuid[], $3::uuid[], $4::date[], $7::integer[])
          as m (instructor_id, department_id, day, version)
        join stale_days s on s.tenant_id = $1 and s.instructor_id = m.instructor_id
          and s.department_id = m.department_id and s.day = m.day and s.version = m.version
        where (m.instructor_id, m.department_id, m.day) not in (select instructor_id, department_id, day from unsettled)
        for update of s skip locked
      ))`,
      [...parametersOf(tenantId, marks), marks.map(({ version }) => version)],
    );
  }

  async rollUpModules(tenantId: string, cells: readonly Cell[]): Promise<void> {
    const part = ['module_id'];
    const sums = [
      'students', 'students_scored', 'sessions', 'sessions_completed', 'sessions_abandoned', 'sessions_bounced', 'sessions_passed',
      'sessions_repeated', 'students_started', 'students_completed', 'score_sum', 'score_count', 'score_square_sum',
      'questions', 'correct', 'duration_sum', 'duration_count', 'abandoned_duration_sum', 'abandoned_duration_count',
      'abandoned_answered',
    ]; // prettier-ignore
    const tenths = Array.from({ length: 10 }, (_, tenth) => `count(*) filter (where p.tenth = ${tenth})`);
    await this.database.run(
      `-- analytics.rollUpModules
      with ${cellsAndSessions}, fresh as materialized (
        select s.instructor_id, s.department_id, s.day, s.module_id, count(distinct s.student_id) as students,
          count(distinct s.student_id) filter (where p.completed and s.score is not null) as students_scored,
          count(*) as sessions, count(*) filter (where p.completed) as sessions_completed,
          count(*) filter (where p.abandoned) as sessions_abandoned,
          count(*) filter (where p.abandoned and s.duration_seconds < 60) as sessions_bounced,
          count(*) filter (where p.completed and s.score >= t.pass_mark) as sessions_passed,
          count(*) - count(distinct s.student_id) filter (where m.first_on = s.day) as sessions_repeated,
          count(distinct s.student_id) filter (where m.first_on = s.day) as students_started,
          count(distinct s.student_id) filter (where m.first_completed_on = s.day) as students_completed,
          coalesce(sum(s.score) filter (where p.completed), 0) as score_sum,
          count(s.score) filter (where p.completed) as score_count,
          coalesce(sum(s.score * s.score) filter (where p.completed), 0) as score_square_sum,
          coalesce(sum(s.questions) filter (where p.completed), 0) as questions,
          coalesce(sum(s.correct) filter (where p.completed), 0) as correct,
          coalesce(sum(s.duration_seconds) filter (where p.completed), 0) as duration_sum,
          count(s.duration_seconds) filter (where p.completed) as duration_count,
          coalesce(sum(s.duration_seconds) filter (where p.abandoned), 0) as abandoned_duration_sum,
          count(s.duration_seconds) filter (where p.abandoned) as abandoned_duration_count,
          case when count(p.tenth) = 0 then '{}' else array[${tenths.join(', ')}] end::integer[] as abandoned_answered
        from tenants t
        cross join session s
        left join student_modules m on m.tenant_id = $1 and m.student_id = s.student_id and m.module_id = s.module_id
        cross join lateral (
          select s.status = 'completed' as completed, s.status = 'abandoned' as abandoned,
            case when s.status = 'abandoned' and s.questions > 0 and jsonb_typeof(s.answers) = 'array'
              then least(9, jsonb_array_length(s.answers) * 10 / s.questions) end as tenth
        ) p
        where t.id = $1
        group by s.instructor_id, s.department_id, s.day, s.module_id
      ), ${replaceRows('module_days', part, sums)}`,
      parametersOf(tenantId, cells),
    );
  }

  async rollUpHours(tenantId: string, cells: readonly Cell[]): Promise<void> {
    await this.database.run(
      `-- analytics.rollUpHours
      with ${cellsAndSessions}, fresh as materialized (
        select s.instructor_id, s.department_id, s.day, extract(hour from p.began) as hour,
          count(distinct s.student_id) as students, count(*) as sessions,
          count(*) filter (where s.status = 'completed') as sessions_completed
        from tenants t
        cross join session s
        cross join lateral (
          select coalesce(s.started_at, lower(s.busy), s.completed_at) at time zone t.time_zone as at
        ) local
        -- one that began before midnight belongs to the day it ended on
        cross join lateral (select greatest(local.at, s.day::timestamp) as began where local.at is not null) p
        where t.id = $1
        group by s.instructor_id, s.department_id, s.day, extract(hour from p.began)
      ), ${replaceRows('hour_days', ['hour'], ['students', 'sessions', 'sessions_completed'])}`,
      parametersOf(tenantId, cells),
    );
  }

  /** What an answer says is not checked when it comes in: what is no question, verdict or length is not counted. */
  async rollUpQuestions(tenantId: string, cells: readonly Cell[]): Promise<void> {
    await this.database.run(
      `-- analytics.rollUpQuestions
      with ${cellsAndSessions}, answer as (
        select s.instructor_id, s.department_id, s.day, s.module_id, s.student_id, a.answer ->> 'questionId' as question_id,
          case
            when jsonb_typeof(a.answer -> 'correct') = 'boolean' then (a.answer -> 'correct')::boolean
            when jsonb_typeof(a.answer -> 'score') = 'number' then (a.answer -> 'score')::numeric >= t.pass_mark
          end as correct,
          case when jsonb_typeof(a.answer -> 'durationSeconds') = 'number'
            then (a.answer -> 'durationSeconds')::numeric end as seconds
        from tenants t
        cross join session s
        cross join lateral jsonb_array_elements(
          case when jsonb_typeof(s.answers) = 'array' then s.answers end
        ) as a (answer)
        where t.id = $1 and s.status in ('completed', 'abandoned') and jsonb_typeof(a.answer -> 'questionId') = 'string'
          and length(a.answer ->> 'questionId') between 1 and 100
      ), fresh as materialized (
        select instructor_id, department_id, day, module_id, question_id, count(distinct student_id) as students,
          count(*) as answers, count(*) filter (where correct) as correct, count(correct) as judged,
          coalesce(sum(seconds) filter (where seconds between 0 and 604800), 0) as seconds_sum,
          count(*) filter (where seconds between 0 and 604800) as seconds_count
        from answer
        group by instructor_id, department_id, day, module_id, question_id
      ), ${replaceRows(
        'question_days',
        ['module_id', 'question_id'],
        ['students', 'answers', 'correct', 'judged', 'seconds_sum', 'seconds_count'],
      )}`,
      parametersOf(tenantId, cells),
    );
  }
}

function parametersOf(tenantId: string, cells: readonly Cell[]): unknown[] {
  const days = cells.map(({ day }) => day);
  const [instructorIds, departmentIds] = [cells.map((c) => c.instructorId), cells.map((c) => c.departmentId)];
  return [tenantId, instructorIds, departmentIds, days, ...boundsOf(days)];
}

/** The first and the last, which keep a statement out of the partitions of all other months. */
function boundsOf(days: readonly string[]): [string | undefined, string | undefined] {
  const sorted = [...days].sort();
  return [sorted[0], sorted.at(-1)];
}
