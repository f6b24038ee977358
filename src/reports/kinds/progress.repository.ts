import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { addDays } from '../../org/local-day.js';
import { type Filter, statusPredicates, studentPredicate } from '../../students/student-filter.js';
import { studentColumns } from '../../students/student-list.repository.js';
import type { StudentRow } from '../../students/students.dto.js';
import type { Asked } from '../report-kind.js';

export interface ReportedCategory {
  readonly id: string;
  readonly title: string;
}

export interface ProgressRow extends StudentRow {
  /** By category, in per cent; without a key where there is none. */
  readonly accuracies: Readonly<Record<string, number>>;
}

export interface ProgressSums {
  readonly students: number;
  readonly active: number;
  readonly overallScore: number | null;
  readonly completionRate: number | null;
  readonly timeSpentSeconds: number;
  /** Students by tens of their overall score; of ten parts the last has 100 too. */
  readonly scores: readonly number[];
}

@Injectable()
export class ProgressReportRepository {
  constructor(private readonly database: Database) {}

  /** Categories in use, in the tenant's order. */
  listCategories(tenantId: string): Promise<ReportedCategory[]> {
    return this.database.many<ReportedCategory>(
      `-- reports.listCategories
      select id, title from categories where tenant_id = $1 and is_active order by position, title, id`,
      [tenantId],
    );
  }

  /** These, in the order of their ids. */
  listTitles(tenantId: string, categoryIds: readonly string[]): Promise<ReportedCategory[]> {
    return this.database.many<ReportedCategory>(
      `-- reports.listCategoryTitles
      select id, title from categories where tenant_id = $1 and id = any ($2::uuid[])`,
      [tenantId, categoryIds],
    );
  }

  list(viewer: Viewer, { filter, moment }: Asked<Filter>, after: string | null, limit: number): Promise<ProgressRow[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const further = after === null ? '' : `and p.student_id > ${parameter(after)}`;
    return this.database.read().many<ProgressRow>(
      `-- reports.listProgress
      with page as (
        select p.* from student_progress p
        where p.tenant_id = $1 and ${sql} ${further}
        order by p.student_id
        limit ${parameter(limit)}
      )
      select ${studentColumns(parameter(moment.today), parameter(moment.now))}, (
        select coalesce(jsonb_object_agg(g.category_id,
          round(category_accuracy(g.questions, g.correct, g.score_sum, g.score_count), 2)), '{}')
        from category_progress g
        where g.tenant_id = $1 and g.student_id = p.student_id and g.sessions_completed > 0
      ) as accuracies
      from page p
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      left join users i on i.tenant_id = $1 and i.id = p.instructor_id
      order by p.student_id`,
      parameters,
    );
  }

  sumUp(viewer: Viewer, { filter, moment }: Asked<Filter>): Promise<ProgressSums> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const since = `$${parameters.push(addDays(moment.today, -6))}::date`;
    const tens = Array.from({ length: 10 }, (_, ten) => {
      const upper = ten === 9 ? '' : `and p.overall_score < ${ten * 10 + 10}`;
      return `count(*) filter (where p.overall_score >= ${ten * 10} ${upper})`;
    });
    return this.database.read().one<ProgressSums>(
      `-- reports.sumUpProgress
      select count(*) as students, count(*) filter (where ${statusPredicates.active(since)}) as active,
        round(avg(p.overall_score), 2) as "overallScore", round(avg(p.completion_rate), 2) as "completionRate",
        coalesce(sum(p.total_time_spent_seconds), 0) as "timeSpentSeconds",
        array[${tens.join(', ')}] as scores
      from student_progress p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Mean accuracy of those who have one, in per cent, by category. */
  meanAccuracies(viewer: Viewer, { filter, moment }: Asked<Filter>): Promise<{ categoryId: string; mean: number }[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    return this.database.read().many<{ categoryId: string; mean: number }>(
      `-- reports.meanAccuracies
      select g.category_id as "categoryId",
        round(avg(category_accuracy(g.questions, g.correct, g.score_sum, g.score_count)), 2) as mean
      from student_progress p
      join category_progress g on g.tenant_id = $1 and g.student_id = p.student_id and g.sessions_completed > 0
      where p.tenant_id = $1 and ${sql}
      group by g.category_id`,
      parameters,
    );
  }

  /** Students with a completed session in each of the last weeks, Monday to Sunday, that are over. */
  activeByWeek(
    viewer: Viewer,
    { filter, moment }: Asked<Filter>,
    weeks: number,
  ): Promise<{ week: string; students: number }[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const today = `$${parameters.push(moment.today)}::date`;
    const before = `$${parameters.push(weeks)}::integer`;
    return this.database.read().many<{ week: string; students: number }>(
      `-- reports.activeByWeek
      with week as (
        select (date_trunc('week', ${today}) - n * interval '7 days')::date as day from generate_series(1, ${before}) n
      )
      select w.day as week, count(a.student_id) as students
      from week w
      left join (
        select a.student_id, a.days from student_progress p
        join active_days a on a.tenant_id = $1 and a.student_id = p.student_id
        where p.tenant_id = $1 and ${sql}
      ) a on a.days && daterange(w.day, w.day + 7)
      group by w.day order by w.day`,
      parameters,
    );
  }
}
