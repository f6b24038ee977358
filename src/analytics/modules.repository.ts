import { Injectable } from '@nestjs/common';
import { appendPredicate } from '../assignments/assignment-scope.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import { type Filter, type Predicate, studentPredicate } from '../students/student-filter.js';
import { type AnalyticsScope, dayPredicate, placePredicate, seesPeople } from './analytics-scope.js';
import type { CategoryDifficultyFigures, DifficultyFigures, ModuleFigures } from './modules.dto.js';

export interface ModulesAsked {
  readonly scope: AnalyticsScope;
  readonly categoryId: string | undefined;
  /** Of the students whose sessions are meant; undefined: all sessions. */
  readonly filter: Filter | undefined;
  /** Of the tenant's settings. */
  readonly smallestGroup: number;
  readonly moment: Moment;
}

/** Sums by module: `within` the period, and who has `ever` done it up to its end. */
interface Source {
  readonly ctes: string;
  readonly parameters: unknown[];
}

const tenths = Array.from({ length: 10 }, (_, tenth) => tenth + 1);
const sums = [
  'sessions', 'sessions_completed', 'sessions_abandoned', 'sessions_bounced', 'sessions_passed', 'sessions_repeated',
  'score_sum', 'score_count', 'score_square_sum', 'questions', 'correct', 'duration_sum', 'duration_count',
  'abandoned_duration_sum', 'abandoned_duration_count',
]; // prettier-ignore

const percent = (part: string, whole: string): string =>
  `round(sum(${part}) * 100.0 / nullif(sum(${whole}), 0), 2)::double precision`;
const count = (column: string): string => `coalesce(sum(${column}), 0)::integer`;
const tenthCounts = tenths.map((n) => count(`w.tenth_${n}`));

/** Of any number of modules, from `within w` and `ever e`. */
const figures = `${count('w.sessions')} as sessions, ${count('w.sessions_completed')} as "sessionsCompleted",
  ${count('w.sessions_abandoned')} as "sessionsAbandoned", ${count('e.started')} as "studentsStarted",
  ${count('e.completed')} as "studentsCompleted",
  -- who began it with somebody else has completed it here
  round(least(sum(e.completed), sum(e.started)) * 100.0 / nullif(sum(e.started), 0), 2)::double precision
    as "completionRate",
  round(sum(w.score_sum) / nullif(sum(w.score_count), 0), 2)::double precision as "averageScore",
  case when sum(w.score_count) > 1 then round(sqrt(greatest(0, sum(w.score_square_sum) - sum(w.score_sum) ^ 2
    / sum(w.score_count)) / (sum(w.score_count) - 1)), 2)::double precision end as "scoreDeviation",
  ${percent('w.correct', 'w.questions')} as accuracy,
  round(sum(w.duration_sum) / nullif(sum(w.duration_count), 0), 2)::double precision as "meanDurationSeconds",
  ${percent('w.sessions_passed', 'w.score_count')} as "passRate",
  ${percent('w.sessions_repeated', 'w.sessions')} as "repeatRate",
  ${percent('w.sessions_abandoned', 'w.sessions')} as "abandonRate",
  ${percent('w.sessions_bounced', 'w.sessions')} as "bounceRate",
  json_build_object('tenths', json_build_array(${tenthCounts.join(', ')}),
    'unknown', ${count('w.sessions_abandoned')} - ${tenthCounts.join(' - ')},
    'meanSeconds', round(sum(w.abandoned_duration_sum) / nullif(sum(w.abandoned_duration_count), 0), 2)) as stops`;

@Injectable()
export class ModuleFiguresRepository {
  constructor(private readonly database: Database) {}

  /** By category and title. */
  listModules(viewer: Viewer, asked: ModulesAsked): Promise<ModuleFigures[]> {
    const { ctes, parameters } = sourceOf(viewer, asked);
    return this.database.read().many<ModuleFigures>(
      `-- analytics.listModules
      with ${ctes}
      select m.id as "moduleId", m.code, m.title, m.category_id as "categoryId", c.title as "categoryTitle",
        m.difficulty, m.is_active as "isActive", ${figures}
      from ${modules(parameters, asked.categoryId)}
      group by m.id, m.code, m.title, m.category_id, m.difficulty, m.is_active, c.id, c.title, c.position
      order by c.position, c.title, c.id, m.title, m.id`,
      parameters,
    );
  }

  /** By difficulty, and by category and difficulty: those rows have a category. */
  listDifficulties(
    viewer: Viewer,
    asked: ModulesAsked,
  ): Promise<(DifficultyFigures & Partial<CategoryDifficultyFigures>)[]> {
    const { ctes, parameters } = sourceOf(viewer, asked);
    return this.database.read().many<DifficultyFigures & Partial<CategoryDifficultyFigures>>(
      `-- analytics.listDifficulties
      with ${ctes}
      select c.id as "categoryId", c.title as "categoryTitle", m.difficulty, count(*)::integer as modules, ${figures}
      from ${modules(parameters, asked.categoryId)}
      group by grouping sets ((m.difficulty), (c.id, c.title, c.position, m.difficulty))
      order by c.position, c.title, c.id, array_position(array['easy', 'medium', 'hard'], m.difficulty)`,
      parameters,
    );
  }
}

/** Those that are offered, and those that have sessions. */
function modules(parameters: Predicate['parameters'], categoryId: string | undefined): string {
  const category = categoryId === undefined ? 'true' : `m.category_id = $${parameters.push(categoryId)}`;
  return `modules m
      join categories c on c.tenant_id = $1 and c.id = m.category_id
      left join within w on w.module_id = m.id
      left join ever e on e.module_id = m.id
      where m.tenant_id = $1 and (m.is_active or w.sessions > 0) and ${category}`;
}

function sourceOf(viewer: Viewer, asked: ModulesAsked): Source {
  return asked.filter ? ofStudents(viewer, asked.filter, asked) : ofDays(viewer, asked);
}

/** All sessions, by whose days they were. */
function ofDays(viewer: Viewer, { scope, smallestGroup }: ModulesAsked): Source {
  const { sql, parameters } = dayPredicate(viewer, scope, 'module_days', smallestGroup);
  const before = placePredicate(viewer, scope);
  const ctes = `within as (
      select p.module_id, ${sums.map((column) => `sum(p.${column}) as ${column}`).join(', ')},
        ${tenths.map((n) => `sum(p.abandoned_answered[${n}]) as tenth_${n}`).join(', ')}
      from module_days p where p.tenant_id = $1 and ${sql} group by p.module_id
    ), ever as (
      select p.module_id, sum(p.students_started) as started, sum(p.students_completed) as completed
      from module_days p
      where p.tenant_id = $1 and (p.students_started > 0 or p.students_completed > 0)
        -- of days that may not be told some are missing, and no share can be made of the others
        and ${seesPeople(viewer)} and ${appendPredicate(before, parameters)}
        and p.day <= $${parameters.push(scope.to)}::date
      group by p.module_id
    )`;
  return { ctes, parameters };
}

/** The sessions of students whom a filter means now, by the definitions of `module_days`. */
function ofStudents(viewer: Viewer, filter: Filter, { scope: { from, to }, moment }: ModulesAsked): Source {
  const { sql, parameters } = studentPredicate(viewer, filter, moment);
  const first = `$${parameters.push(from)}::date`;
  const last = `$${parameters.push(to)}::date`;
  const ctes = `student as materialized (
      select p.student_id from student_progress p where p.tenant_id = $1 and ${sql}
    ), session as (
      select s.* from student
      -- one look-up each: a join might read all that the months hold
      cross join lateral (
        select module_id, status, score, questions, correct, duration_seconds, status = 'completed' as done,
          status = 'abandoned' as abandoned,
          case when status = 'abandoned' and questions > 0 and jsonb_typeof(answers) = 'array'
            then least(9, jsonb_array_length(answers) * 10 / questions) end as tenth
        from sessions
        where tenant_id = $1 and student_id = student.student_id and day between ${first} and ${last}
        offset 0
      ) s
    ), touched as materialized (
      select m.module_id, m.first_on, m.first_completed_on
      from student join student_modules m on m.tenant_id = $1 and m.student_id = student.student_id
      where m.first_on <= ${last}
    ), ever as (
      select module_id, count(*) as started, count(*) filter (where first_completed_on <= ${last}) as completed,
        count(*) filter (where first_on >= ${first}) as firsts
      from touched group by module_id
    ), within as (
      select s.module_id, count(*) as sessions, count(*) filter (where done) as sessions_completed,
        count(*) filter (where abandoned) as sessions_abandoned,
        count(*) filter (where abandoned and duration_seconds < 60) as sessions_bounced,
        count(*) filter (where done and score >= t.pass_mark) as sessions_passed,
        count(*) - coalesce(e.firsts, 0) as sessions_repeated,
        sum(score) filter (where done) as score_sum, count(score) filter (where done) as score_count,
        sum(score * score) filter (where done) as score_square_sum,
        sum(questions) filter (where done) as questions, sum(correct) filter (where done) as correct,
        sum(duration_seconds) filter (where done) as duration_sum,
        count(duration_seconds) filter (where done) as duration_count,
        sum(duration_seconds) filter (where abandoned) as abandoned_duration_sum,
        count(duration_seconds) filter (where abandoned) as abandoned_duration_count,
        ${tenths.map((n) => `count(*) filter (where tenth = ${n - 1}) as tenth_${n}`).join(', ')}
      from session s join tenants t on t.id = $1 left join ever e on e.module_id = s.module_id
      group by s.module_id, e.firsts
    )`;
  return { ctes, parameters };
}
