import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { AchievementRule } from './achievement-rules.js';
import type { AchievementResponse } from './achievements.dto.js';

export interface Reached {
  readonly studentId: string;
  readonly code: string;
  /** The local day; null: it cannot be told any more. */
  readonly reachedOn: string | null;
}

const rulesAs = (n: string): string => `jsonb_to_recordset(${n}::jsonb)
  as r (position integer, code text, title text, description text, kind text, threshold integer)`;
const rulesText = (rules: readonly AchievementRule[]): string =>
  JSON.stringify(rules.map((rule, position) => ({ ...rule, position })));

/** Whether a module was passed in session `s` of a student of tenant `t`. */
const isPass = `s.status = 'completed' and s.score >= t.pass_mark`;

/** How many modules each of these students has passed: counted once, and not for each rule. */
const passed = (studentIds: string): string => `passed as materialized (
  select s.student_id, count(distinct s.module_id) as modules
  from sessions s join tenants t on t.id = $1
  where s.tenant_id = $1 and s.student_id = any (${studentIds}) and ${isPass}
  group by s.student_id
)`;

/** What rule `r` looks at, of student `p` with what is `passed`. */
const measure = `case r.kind
  when 'streak' then p.longest_streak
  when 'sessions' then p.sessions_completed
  when 'time' then p.total_time_spent_seconds
  when 'assignments' then p.assignments_completed
  when 'modulesPassed' then coalesce(passed.modules, 0)
end`;

/** The first day at whose end a total had reached the threshold: counted back from now, because old days are dropped. */
const dayOfTotal = (total: string, daily: string): string => `(
  select min(d.day) from (
    select n.day, ${total} - coalesce(sum(n.${daily}) over (
      order by n.day desc rows between unbounded preceding and 1 preceding), 0) as total
    from progress_snapshots n where n.tenant_id = $1 and n.student_id = p.student_id
  ) d where d.total >= r.threshold
)`;

const reachedOn = `case r.kind
  when 'streak' then (
    select min(lower(run)) + r.threshold - 1 from active_days d cross join unnest(d.days) as run
    where d.tenant_id = $1 and d.student_id = p.student_id and upper(run) - lower(run) >= r.threshold
  )
  when 'sessions' then ${dayOfTotal('p.sessions_completed', 'sessions_completed')}
  when 'time' then ${dayOfTotal('p.total_time_spent_seconds', 'time_spent_seconds')}
  when 'assignments' then (
    select (s.first_submitted_at at time zone t.time_zone)::date from submissions s
    where s.tenant_id = $1 and s.student_id = p.student_id and s.withdrawn_at is null and s.first_submitted_at is not null
    order by s.first_submitted_at offset r.threshold - 1 limit 1
  )
  when 'modulesPassed' then (
    select min(s.day) from sessions s where s.tenant_id = $1 and s.student_id = p.student_id and ${isPass}
    group by s.module_id order by 1 offset r.threshold - 1 limit 1
  )
end`;

@Injectable()
export class AchievementsRepository {
  constructor(private readonly database: Database) {}

  /** What a student has achieved and what is still to come; nothing where the viewer may not see the student. */
  list(
    viewer: Viewer,
    studentId: string,
    rules: readonly AchievementRule[],
  ): Promise<(AchievementResponse & { readonly instructorId: string | null })[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const id = `$${parameters.push(studentId)}`;
    return this.database.many(
      `-- activity.listAchievements
      with ${passed(`array[${id}::uuid]`)}
      select r.code as code, coalesce(own.title, r.title) as title, coalesce(own.description, r.description) as description,
        r.kind, r.threshold, least(${measure}, r.threshold) as value, own.unlocked_at as "unlockedAt",
        own.reached_on as "reachedOn", p.instructor_id as "instructorId"
      from student_progress p
      left join passed on passed.student_id = p.student_id
      cross join ${rulesAs(`$${parameters.push(rulesText(rules))}`)}
      left join lateral (
        select a.title, a.description, w.unlocked_at, w.reached_on
        from achievements a
        join student_achievements w on w.tenant_id = $1 and w.student_id = p.student_id and w.achievement_id = a.id
        where a.tenant_id = $1 and a.code = r.code
      ) own on true
      where p.tenant_id = $1 and p.student_id = ${id} and p.is_active and ${sql}
      order by r.position`,
      parameters,
    );
  }

  /** Of these students what they have reached and do not have yet. */
  listReached(tenantId: string, studentIds: readonly string[], rules: readonly AchievementRule[]): Promise<Reached[]> {
    return this.database.many<Reached>(
      `-- activity.listReached
      with ${passed('$2')}
      select p.student_id as "studentId", r.code, ${reachedOn} as "reachedOn"
      from student_progress p
      join tenants t on t.id = $1
      left join passed on passed.student_id = p.student_id
      cross join ${rulesAs('$3')}
      where p.tenant_id = $1 and p.student_id = any ($2) and p.is_active
        and not exists (
          select from student_achievements w
          join achievements a on a.tenant_id = $1 and a.id = w.achievement_id
          where w.tenant_id = $1 and w.student_id = p.student_id and a.code = r.code
        )
        and ${measure} >= r.threshold
      order by p.student_id, r.position`,
      [tenantId, studentIds, rulesText(rules)],
    );
  }

  /** Students with ids above `after` who have done something and have no achievement, in the order of their ids. */
  async listWithout(tenantId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- activity.listWithoutAchievement
      select p.student_id as id from student_progress p
      where p.tenant_id = $1 and p.student_id > $2 and p.is_active
        and (p.sessions_completed > 0 or p.assignments_completed > 0)
        and not exists (
          select from student_achievements w where w.tenant_id = $1 and w.student_id = p.student_id
        )
      order by p.student_id limit $3`,
      [tenantId, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Those that the tenant has not got; what it has under the same code stays as it is. */
  async insertMissing(tenantId: string, rules: readonly AchievementRule[]): Promise<void> {
    await this.database.run(
      `-- activity.insertMissingAchievements
      insert into achievements (tenant_id, id, code, title, description)
      select $1, id, code, title, description
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as rule (id, code, title, description)
      order by code
      on conflict (tenant_id, code) do nothing`,
      [
        tenantId,
        rules.map(() => uuidv7()),
        rules.map(({ code }) => code),
        rules.map(({ title }) => title),
        rules.map(({ description }) => description),
      ],
    );
  }

  /** @returns what was not unlocked before, without what belongs to students who are gone */
  unlock(tenantId: string, reached: readonly Reached[], now: Date): Promise<{ studentId: string; code: string }[]> {
    return this.database.many<{ studentId: string; code: string }>(
      `-- activity.unlockAchievements
      with unlocked as (
        insert into student_achievements (tenant_id, student_id, achievement_id, reached_on, unlocked_at)
        select $1, reached.student_id, a.id, reached.day, $5
        from unnest($2::uuid[], $3::text[], $4::date[]) as reached (student_id, code, day)
        join achievements a on a.tenant_id = $1 and a.code = reached.code
        join student_progress p on p.tenant_id = $1 and p.student_id = reached.student_id and p.is_active
        order by reached.student_id, a.id
        on conflict (tenant_id, student_id, achievement_id) do nothing
        returning student_id, achievement_id
      )
      select w.student_id as "studentId", a.code
      from unlocked w join achievements a on a.tenant_id = $1 and a.id = w.achievement_id`,
      [
        tenantId,
        reached.map(({ studentId }) => studentId),
        reached.map(({ code }) => code),
        reached.map((one) => one.reachedOn),
        now,
      ],
    );
  }
}
