import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { CursorKind, CursorValue, Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Predicate } from '../students/student-filter.js';
import { placePredicate } from './analytics-scope.js';
import type { InstructorFigures, InstructorSort } from './instructor-performance.dto.js';

export interface ListedFigures extends InstructorFigures {
  readonly sortKey: CursorValue;
}

const byValue = (field: InstructorSort): string => `coalesce(f."${field}", -1000)`;
/** Missing values have a place of their own, below all others. */
const sortKeys: Readonly<Record<InstructorSort, string>> = {
  name: 'fold(f.name)',
  students: byValue('students'),
  activeShare: byValue('activeShare'),
  atRisk: byValue('atRisk'),
  averageScore: byValue('averageScore'),
  completionRate: byValue('completionRate'),
  sessionsPerStudent: byValue('sessionsPerStudent'),
  scoreChange: byValue('scoreChange'),
  daysToContact: byValue('daysToContact'),
};

@Injectable()
export class InstructorPerformanceRepository {
  constructor(private readonly database: Database) {}

  cursorKinds(sort: InstructorSort): readonly CursorKind[] {
    return [sort === 'name' ? 'text' : 'number', 'id'];
  }

  /** Up to `position.limit + 1`, with what of their rosters is in sight. */
  list(
    viewer: Viewer,
    departmentId: string | undefined,
    { sort, order }: { readonly sort: InstructorSort; readonly order: 'asc' | 'desc' },
    { limit, offset, after }: Position,
  ): Promise<ListedFigures[]> {
    const { sql, parameters } = placePredicate(viewer, { departmentId, instructorId: undefined });
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const key = sortKeys[sort];
    const keyset = after
      ? `where (${key}, f."instructorId") ${order === 'asc' ? '>' : '<'}
          (${parameter(after[0])}::${sort === 'name' ? 'text' : 'numeric'}, ${parameter(after[1])}::uuid)`
      : '';
    return this.database.read().many<ListedFigures>(
      `-- analytics.listInstructorPerformance
      select f.*, ${key} as "sortKey"
      from (
        select p.instructor_id as "instructorId", u.name, sum(p.students) as students,
          sum(p.active_students) as "activeStudents",
          round(sum(p.active_students) * 100.0 / nullif(sum(p.students), 0), 2) as "activeShare",
          sum(p.at_risk) as "atRisk",
          round(sum(p.score_sum) / nullif(sum(p.score_count), 0), 2) as "averageScore",
          round(sum(p.completion_sum) / nullif(sum(p.completion_count), 0), 2) as "completionRate",
          sum(p.sessions_completed) as "sessionsCompleted",
          round(sum(p.sessions_completed) / nullif(sum(p.students), 0), 2) as "sessionsPerStudent",
          sum(p.time_spent_seconds) as "timeSpentSeconds",
          round((sum(p.sessions_completed) - sum(p.earlier_sessions_completed)) * 100.0
            / nullif(sum(p.earlier_sessions_completed), 0), 2) as "sessionsChange",
          round(sum(p.session_score_sum) / nullif(sum(p.session_score_count), 0)
            - sum(p.earlier_score_sum) / nullif(sum(p.earlier_score_count), 0), 2) as "scoreChange",
          sum(p.contacts) as contacts,
          round(sum(p.contact_days)::numeric / nullif(sum(p.contacts), 0), 2) as "daysToContact"
        ${inSight(sql)}
        group by p.instructor_id, u.name
      ) f
      ${keyset}
      order by ${key} ${order}, f."instructorId" ${order}
      limit ${parameter(limit + 1)} offset ${parameter(offset)}`,
      parameters,
    );
  }

  async count(viewer: Viewer, departmentId: string | undefined): Promise<number> {
    const { sql, parameters }: Predicate = placePredicate(viewer, { departmentId, instructorId: undefined });
    const { count } = await this.database.read().one<{ count: number }>(
      `-- analytics.countInstructorPerformance
      select count(distinct p.instructor_id) as count
      ${inSight(sql)}`,
      parameters,
    );
    return count;
  }
}

/** Cases may be somebody's who does not teach. */
function inSight(sql: string): string {
  return `from instructor_performance p
        join users u on u.tenant_id = $1 and u.id = p.instructor_id and u.role = 'instructor'
        where p.tenant_id = $1 and ${sql}`;
}
