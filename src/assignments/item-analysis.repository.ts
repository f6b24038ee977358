import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import { appendPredicate, seenPredicate } from './assignment-scope.js';

/** What the results of one item come to, before it is judged whether they are enough. */
export interface ItemFigures {
  readonly n: number;
  readonly difficulty: number | null;
  /** Students who also have results in other items. */
  readonly compared: number;
  readonly discrimination: number | null;
  readonly meanTimeSeconds: number | null;
  readonly medianTimeSeconds: number | null;
}

export interface ModuleFigures extends ItemFigures {
  readonly moduleId: string;
  readonly code: string;
  readonly title: string;
}

export interface QuestionFigures extends ItemFigures {
  readonly questionId: string;
}

export interface Figures<T> {
  readonly students: number;
  readonly items: T[];
}

/** What is the same for all correlates with nothing, but corr() of such doubles may answer a number made of their rounding. */
const varies = (value: string): string => `min(${value}) filter (where rest is not null)
  < max(${value}) filter (where rest is not null)`;

/** From `result (item, student_id, share, seconds)`, shares from 0 to 1, one per item and student. */
const figures = `compared as (
    select r.*, (sum(share) over own - share) / nullif(count(*) over own - 1, 0) as rest
    from result r window own as (partition by student_id)
  ), figure as (
    select item, count(*) as n, avg(share)::double precision as difficulty, count(rest) as compared,
      case when ${varies('share')} and ${varies('rest')} then corr(share, rest) end as discrimination,
      round(avg(seconds), 2)::double precision as mean_seconds,
      percentile_cont(0.5) within group (order by seconds) as median_seconds
    from compared group by item
  )`;
const figureColumns = `'n', coalesce(f.n, 0), 'difficulty', f.difficulty, 'compared', coalesce(f.compared, 0),
  'discrimination', f.discrimination, 'meanTimeSeconds', f.mean_seconds, 'medianTimeSeconds', f.median_seconds`;
const students = '(select count(distinct student_id) from result) as students';

@Injectable()
export class ItemAnalysisRepository {
  constructor(private readonly database: Database) {}

  /**
   * The modules of an assignment. The best completed session of each student counts: of those that a submitted attempt
   * names, or else of those between when the work was there and when it closed. Excused and exempt work does not.
   * @returns null where the viewer does not see the assignment
   */
  ofAssignment(viewer: Viewer, assignmentId: string, now: Date): Promise<Figures<ModuleFigures> | null> {
    const { sql: seen, parameters } = seenPredicate(viewer, now, 'one');
    const own = appendPredicate(scopePredicate(viewer), parameters);
    const assignment = `$${parameters.push(assignmentId)}`;
    const moment = `$${parameters.push(now)}`;
    return this.database.read().maybeOne<Figures<ModuleFigures>>(
      `-- assignments.analyseAssignment
      with work as (
        select w.student_id, w.closes_at, greatest(s.assigned_at, a.available_from) as begins, z.time_zone, named.ids
        from student_progress p
        join work_at($1, ${moment}) w on w.student_id = p.student_id and w.assignment_id = ${assignment}
        join submissions s on s.tenant_id = $1 and s.assignment_id = w.assignment_id and s.student_id = w.student_id
          and s.exemption is null
        join assignments a on a.tenant_id = $1 and a.id = w.assignment_id
        join tenants z on z.id = $1
        cross join lateral (
          select array_agg(x.id) as ids from attempts t cross join unnest(t.session_ids) as x (id)
          where t.tenant_id = $1 and t.assignment_id = w.assignment_id and t.student_id = w.student_id
            and t.submitted_at is not null
        ) named
        where p.tenant_id = $1 and p.is_active and ${own}
      ), result as (
        select distinct on (w.student_id, n.module_id) n.module_id as item, w.student_id, n.score / 100 as share,
          n.duration_seconds as seconds
        from work w
        join assignment_modules m on m.tenant_id = $1 and m.assignment_id = ${assignment}
        join sessions n on n.tenant_id = $1 and n.student_id = w.student_id and n.module_id = m.module_id
          and n.status = 'completed' and n.score is not null
        cross join lateral (
          select coalesce(n.completed_at, greatest(n.day::timestamp at time zone w.time_zone, w.begins)) as at
        ) happened
        where case
          when w.ids is not null then n.id = any (w.ids)
          else n.day >= (w.begins at time zone w.time_zone)::date and happened.at >= w.begins
            and happened.at <= coalesce(w.closes_at, ${moment})
        end
        order by w.student_id, n.module_id, n.score desc, happened.at, n.id
      ), ${figures}
      select ${students}, (
        select coalesce(json_agg(json_build_object('moduleId', o.id, 'code', o.code, 'title', o.title,
          ${figureColumns}) order by m.position, o.id), '[]')
        from assignment_modules m
        join modules o on o.tenant_id = $1 and o.id = m.module_id
        left join figure f on f.item = m.module_id
        where m.tenant_id = $1 and m.assignment_id = a.id
      ) as items
      from assignments a where a.tenant_id = $1 and a.id = ${assignment} and ${seen}`,
      parameters,
    );
  }

  /**
   * The questions of a module, of the first completed session of each student that says what was answered: an answer
   * is read when it names its question and says whether it was correct, or its score.
   * @returns null where there is no such module
   */
  ofModule(viewer: Viewer, moduleId: string, mostItems: number): Promise<Figures<QuestionFigures> | null> {
    const { sql, parameters } = scopePredicate(viewer);
    const module = `$${parameters.push(moduleId)}`;
    return this.database.read().maybeOne<Figures<QuestionFigures>>(
      `-- assignments.analyseModule
      with first as (
        select distinct on (n.student_id) n.student_id, n.answers
        from student_progress p
        join sessions n on n.tenant_id = $1 and n.student_id = p.student_id and n.module_id = ${module}
          and n.status = 'completed' and jsonb_array_length(n.answers) > 0
        where p.tenant_id = $1 and p.is_active and ${sql}
        order by n.student_id, n.day, n.completed_at nulls last, n.id
      ), read as (
        select f.student_id, answer.position, answer.value ->> 'questionId' as item,
          case jsonb_typeof(answer.value -> 'correct')
            when 'boolean' then (answer.value ->> 'correct')::boolean::integer::numeric
            else case jsonb_typeof(answer.value -> 'score') when 'number' then (answer.value ->> 'score')::numeric / 100 end
          end as share,
          case jsonb_typeof(answer.value -> 'durationSeconds')
            when 'number' then (answer.value ->> 'durationSeconds')::numeric
          end as seconds
        from first f cross join jsonb_array_elements(f.answers) with ordinality as answer (value, position)
        where jsonb_typeof(answer.value -> 'questionId') = 'string'
      ), result as (
        select distinct on (student_id, item) item, student_id, share,
          case when seconds between 0 and 604800 then seconds end as seconds
        from read
        where share between 0 and 1 and length(item) between 1 and 100
        order by student_id, item, position
      ), ${figures}
      select ${students}, (
        select coalesce(json_agg(json_build_object('questionId', f.item, ${figureColumns}) order by f.n desc, f.item), '[]')
        from (select * from figure order by n desc, item limit $${parameters.push(mostItems)}) f
      ) as items
      from modules o where o.tenant_id = $1 and o.id = ${module}`,
      parameters,
    );
  }
}
