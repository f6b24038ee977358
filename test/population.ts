import type { Database } from '../src/database/database.js';
import { createTenant } from './factories.js';

export interface Size {
  readonly instructors: number;
  /** Of each instructor. */
  readonly students: number;
  /** Of history, today included. */
  readonly days: number;
}

export interface Population {
  readonly tenantId: string;
  readonly instructors: readonly { readonly userId: string; readonly departmentId: string }[];
  readonly rootId: string;
  readonly moduleIds: readonly string[];
}

const instructorsPerFaculty = 10;
const hours = '(7 + floor(random() * random() * 16))';

/** Of a tenant of that size and its last day; another day has another. */
export function slugOf({ instructors, students, days }: Size, today: string): string {
  return `analytics-${instructors}-${students}-${days}-${today}`;
}

/**
 * A tenant of that size, made by the database alone: a class and a faculty above it for each instructor, students of
 * whom some practise daily, most now and then and some never, one or two sessions on such a day, and four assignments.
 * Everything is there that recording the sessions would leave, but what jobs add up from them.
 * @param today a local day of the tenant's, in London
 */
export function populate(database: Database, size: Size, today: string): Promise<void> {
  return database.transaction(() => fill(database, size, today));
}

async function fill(database: Database, size: Size, today: string): Promise<void> {
  const { instructors, students, days } = size;
  const { tenantId, departmentId: rootId } = await createTenant(database, { slug: slugOf(size, today) });
  const faculties = Math.ceil(instructors / instructorsPerFaculty);
  await database.run(
    `-- bench.insertFaculties
    insert into departments (tenant_id, id, parent_id, code, name, created_at)
    select $1, md5($1::uuid || 'faculty' || n)::uuid, $2, 'FACULTY-' || n, 'Faculty ' || n, now()
    from generate_series(0, $3::integer - 1) n`,
    [tenantId, rootId, faculties],
  );
  await database.run(
    `-- bench.insertClasses
    insert into departments (tenant_id, id, parent_id, code, name, created_at)
    select $1, md5($1::uuid || 'class' || n)::uuid, md5($1::uuid || 'faculty' || n / ${instructorsPerFaculty})::uuid,
      'CLASS-' || n, 'Class ' || n, now()
    from generate_series(0, $2::integer - 1) n`,
    [tenantId, instructors],
  );
  await database.run(
    `-- bench.insertInstructors
    with person as (
      insert into users (tenant_id, id, role, name, department_id, joined_on, created_at)
      select $1, md5($1::uuid || 'instructor' || n)::uuid, 'instructor', 'Instructor ' || n,
        md5($1::uuid || 'class' || n)::uuid, $3::date - 365, now()
      from generate_series(0, $2::integer - 1) n returning tenant_id, id
    ) insert into instructor_profiles (tenant_id, user_id) select tenant_id, id from person`,
    [tenantId, instructors, today],
  );
  await database.run(
    `-- bench.insertStudents
    insert into users (tenant_id, id, role, name, department_id, joined_on, created_at)
    -- as UUIDs of version 7 are that a class gets when it is imported, one after the other
    select $1, overlay(
        md5($1::uuid || 'student' || i || ' ' || k)
        placing lpad(to_hex(1790000000000 + i * 10000 + k), 12, '0') || '7' from 1 for 13
      )::uuid, 'student', 'Student ' || i || ' ' || k,
      md5($1::uuid || 'class' || i)::uuid,
      $4::date - case when k % 10 = 0 then (random() * $5::integer)::integer else $5 + (random() * 60)::integer end, now()
    from generate_series(0, $2::integer - 1) i, generate_series(0, $3::integer - 1) k`,
    [tenantId, instructors, students, today, days],
  );
  await database.run(
    `-- bench.assignStudents
    update student_progress p set instructor_id = i.id
    from users i where p.tenant_id = $1 and i.tenant_id = $1 and i.role = 'instructor' and i.department_id = p.department_id`,
    [tenantId],
  );
  await database.run(
    `-- bench.insertRosterEntries
    insert into roster_entries (tenant_id, student_id, valid_from, instructor_id, department_id)
    select tenant_id, student_id, joined_on, instructor_id, department_id from student_progress where tenant_id = $1`,
    [tenantId],
  );
  await analyze(database);
  await database.run(
    `-- bench.insertModules
    with category as (
      insert into categories (tenant_id, id, code, title, position)
      select $1, md5($1::uuid || 'category' || n)::uuid, 'category-' || n, 'Category ' || n, n
      from generate_series(0, 5) n
    )
    insert into modules (tenant_id, id, category_id, code, title, kind, difficulty)
    select $1, md5($1::uuid || 'module' || n)::uuid, md5($1::uuid || 'category' || n % 6)::uuid, 'module-' || n,
      'Module ' || n, (array['quiz', 'voice', 'lesson', 'exercise', 'story'])[1 + n % 5],
      (array['easy', 'medium', 'hard'])[1 + n % 3]
    from generate_series(0, 29) n`,
    [tenantId],
  );
  await database.run(
    `-- bench.insertSessions
    insert into sessions (tenant_id, student_id, day, id, module_id, category_id, kind, status, score, questions, correct,
      duration_seconds, interactions, started_at, completed_at, busy, answers, updated_at, recorded_at)
    select $1, s.student_id, s.day, gen_random_uuid(), m.id, m.category_id, m.kind, s.status,
      case when s.status = 'completed' then s.score end, 10, round(s.score / 10), s.seconds, 20, s.started_at, s.ended_at,
      tstzrange(s.started_at, s.ended_at),
      case when m.kind = 'quiz' then jsonb_build_array(
        jsonb_build_object('questionId', 'q' || floor(random() * 20), 'correct', random() < 0.7)
      ) end,
      s.ended_at, s.ended_at
    from (
      select *, started_at + make_interval(secs => seconds) as ended_at,
        round((40 + 60 * random())::numeric, 2) as score,
        case when random() < 0.85 then 'completed' else 'abandoned' end as status
      from (
        select p.student_id, d.day::date as day, (20 + random() * 1200)::integer as seconds,
          d.day + make_interval(hours => ${hours}::integer, mins => (random() * 59)::integer) as started_at,
          md5($1::uuid || 'module' || floor(random() * 30))::uuid as module_id
        from student_progress p
        cross join lateral (
          select case abs(hashtext(p.student_id::text)) % 10 when 0 then 0 when 1 then 0.7 else 0.19 end as diligence
        ) habit
        cross join generate_series($2::date - $3::integer + 1, $2::date - 1, interval '1 day') d (day)
        cross join generate_series(1, 2) n
        where p.tenant_id = $1 and p.joined_on <= d.day
          and random() < case n when 1 then diligence else diligence * 0.4 end
      ) sitting
    ) s
    join modules m on m.tenant_id = $1 and m.id = s.module_id`,
    [tenantId, today, days],
  );
  await analyze(database);
  await database.run(
    `-- bench.insertSnapshots
    insert into progress_snapshots (tenant_id, student_id, day, instructor_id, department_id, sessions, sessions_completed,
      time_spent_seconds, questions, correct, interactions, score_sum, score_count, quiz_score_sum, quiz_score_count,
      voice_score_sum, voice_score_count, last_session_at, is_closed, overall_score)
    select s.tenant_id, s.student_id, s.day, p.instructor_id, p.department_id, count(*), count(s.score),
      sum(s.duration_seconds), coalesce(sum(s.questions) filter (where s.score is not null), 0),
      coalesce(sum(s.correct) filter (where s.score is not null), 0), sum(s.interactions), coalesce(sum(s.score), 0),
      count(s.score), coalesce(sum(s.score) filter (where s.kind = 'quiz'), 0),
      count(s.score) filter (where s.kind = 'quiz'), coalesce(sum(s.score) filter (where s.kind = 'voice'), 0),
      count(s.score) filter (where s.kind = 'voice'), max(s.completed_at) filter (where s.score is not null), true,
      round(avg(s.score), 2)
    from sessions s join student_progress p on p.tenant_id = s.tenant_id and p.student_id = s.student_id
    where s.tenant_id = $1 group by s.tenant_id, s.student_id, s.day, p.instructor_id, p.department_id`,
    [tenantId],
  );
  await analyze(database);
  await database.run(
    `-- bench.insertActiveDays
    update active_days a set days = known.days
    from (
      select student_id, range_agg(daterange(day, day, '[]')) as days from progress_snapshots
      where tenant_id = $1 and sessions_completed > 0 group by student_id
    ) known
    where a.tenant_id = $1 and a.student_id = known.student_id`,
    [tenantId],
  );
  await database.run(
    `-- bench.assignWork
    insert into assignments (tenant_id, id, owner_id, title, status, published_at, available_from, due_at, created_at,
      updated_at)
    select $1, md5(i.id || 'assignment' || n)::uuid, i.id, 'Assignment ' || n, 'active', $2::date - 60, $2::date - 60,
      $2::date - 29 + n * 15 + time '12:00', $2::date - 60, $2::date - 60
    from users i, generate_series(0, 3) n where i.tenant_id = $1 and i.role = 'instructor'`,
    [tenantId, today],
  );
  await database.run(
    `-- bench.insertSubmissions
    insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at, started_at,
      first_submitted_at, last_submitted_at, attempts_started, attempts_submitted, attempt_score)
    select $1, a.id, p.student_id, a.available_from, a.available_from, at, at, at, (at is not null)::integer,
      (at is not null)::integer, case when at is not null then round((random() * 100)::numeric, 2) end
    from assignments a
    join student_progress p on p.tenant_id = $1 and p.instructor_id = a.owner_id
    cross join lateral (select case when random() < 0.9 and a.due_at < $2::date then a.due_at - interval '1 hour' end) d (at)
    where a.tenant_id = $1`,
    [tenantId, today],
  );
  await database.run(
    `-- bench.updateProgress
    update student_progress p set has_started = true, sessions_completed = done.sessions,
      overall_score = done.score, last_active_on = done.last_on, last_active_at = done.last_at,
      total_time_spent_seconds = done.seconds, risk_score = round((100 * random() * random())::numeric, 2),
      assignments_assigned = 4, completion_rate = 50, assignments_completed = 2
    from (
      select student_id, sum(sessions_completed) as sessions, round(sum(score_sum) / nullif(sum(score_count), 0), 2) as score,
        max(day) filter (where sessions_completed > 0) as last_on, max(last_session_at) as last_at,
        sum(time_spent_seconds) as seconds
      from progress_snapshots where tenant_id = $1 group by student_id
    ) done
    where p.tenant_id = $1 and p.student_id = done.student_id`,
    [tenantId],
  );
}

/** What was just written is unknown to the planner. */
async function analyze(database: Database): Promise<void> {
  await database.run(`-- bench.analyze
    analyze users, student_progress, sessions, progress_snapshots`);
}

/** That of an earlier run, or null. */
export async function findPopulated(database: Database, slug: string): Promise<Population | null> {
  const tenant = await database.maybeOne<{ tenantId: string; rootId: string }>(
    `-- bench.findTenant
    select t.id as "tenantId", d.id as "rootId" from tenants t
    join departments d on d.tenant_id = t.id and d.parent_id is null where t.slug = $1`,
    [slug],
  );
  if (!tenant) return null;
  const { tenantId } = tenant;
  const instructors = await database.many<{ userId: string; departmentId: string }>(
    `-- bench.listInstructors
    select id as "userId", department_id as "departmentId" from users
    where tenant_id = $1 and role = 'instructor' order by id`,
    [tenantId],
  );
  const modules = await database.many<{ id: string }>(
    `-- bench.listModules
    select id from modules where tenant_id = $1 order by id`,
    [tenantId],
  );
  return { ...tenant, instructors, moduleIds: modules.map(({ id }) => id) };
}
