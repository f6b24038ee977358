import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import { type Filter, studentPredicate } from '../students/student-filter.js';
import type { LearnerRow } from './learners.dto.js';

export interface ListedLearner extends LearnerRow {
  readonly nameSort: string;
}

@Injectable()
export class LearnersRepository {
  constructor(private readonly database: Database) {}

  /** By name, up to `position.limit + 1`. Who they are is as of now; what they have learnt as of the view. */
  list(viewer: Viewer, filter: Filter, moment: Moment, { limit, offset, after }: Position): Promise<ListedLearner[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const keyset = after
      ? `and (p.name_sort, p.student_id) > (${parameter(after[0])}, ${parameter(after[1])}::uuid)`
      : '';
    return this.database.read().many<ListedLearner>(
      `-- analytics.listLearners
      with page as (
        select p.student_id, p.name, p.department_id, p.instructor_id, p.name_sort from student_progress p
        where p.tenant_id = $1 and ${sql} ${keyset}
        order by p.name_sort, p.student_id
        limit ${parameter(limit + 1)} offset ${parameter(offset)}
      )
      select p.student_id as id, p.name, p.department_id as "departmentId", p.instructor_id as "instructorId",
        p.name_sort as "nameSort",
        case when s.student_id is not null then json_build_object(
          'activeDays', s.active_days, 'recentActiveDays', s.recent_active_days, 'firstActiveOn', s.first_active_on,
          'modulesStarted', s.modules_started, 'modulesCompleted', s.modules_completed, 'categories', s.categories,
          'questions', s.questions, 'accuracy', round(s.correct * 100.0 / nullif(s.questions, 0), 2),
          'achievements', s.achievements
        ) end as summary,
        weakest.category as "weakestCategory"
      from page p
      left join user_learning_summary s on s.tenant_id = $1 and s.student_id = p.student_id
      left join lateral (
        select json_build_object('id', c.id, 'title', c.title) as category
        from category_progress g
        join categories c on c.tenant_id = $1 and c.id = g.category_id
        cross join lateral category_accuracy(g.questions, g.correct, g.score_sum, g.score_count) accuracy
        where g.tenant_id = $1 and g.student_id = p.student_id and accuracy is not null
        order by accuracy, c.id limit 1
      ) weakest on true
      order by p.name_sort, p.student_id`,
      parameters,
    );
  }
}
