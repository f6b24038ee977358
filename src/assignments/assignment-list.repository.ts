import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { CursorKind, CursorValue, Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { type Predicate, scopeOf, scopePredicate } from '../students/student-filter.js';
import { appendPredicate, seenPredicate } from './assignment-scope.js';
import type { AssignmentDetail, AssignmentListQuery, AssignmentRow, AssignmentSort } from './assignments.dto.js';
import { midnight } from './due-dates.js';

export type AssignmentFilter = Pick<
  AssignmentListQuery,
  | 'status' | 'ownerId' | 'category' | 'tag' | 'priority' | 'isTemplate' | 'search' | 'dueFrom' | 'dueTo' | 'moduleId'
>; // prettier-ignore

export interface ListedAssignment extends AssignmentRow {
  readonly titleSort: string;
}

interface SortKey {
  /** Of the row, and so of the cursor. */
  readonly field: 'dueAt' | 'createdAt' | 'titleSort';
  readonly kind: CursorKind;
  readonly expression: string;
  /** The same for the value of a cursor. */
  readonly of: (n: string) => string;
}

const sortKeys: Readonly<Record<AssignmentSort, SortKey>> = {
  due: {
    field: 'dueAt',
    kind: 'instant',
    expression: "coalesce(a.due_at, 'infinity')",
    of: (n) => `coalesce(${n}::timestamptz, 'infinity')`,
  },
  created: { field: 'createdAt', kind: 'instant', expression: 'a.created_at', of: (n) => `${n}::timestamptz` },
  title: { field: 'titleSort', kind: 'text', expression: 'fold(a.title)', of: (n) => n },
};

@Injectable()
export class AssignmentListRepository {
  constructor(private readonly database: Database) {}

  cursorKinds(sort: AssignmentSort): CursorKind[] {
    return [sortKeys[sort].kind, 'id'];
  }

  cursorOf(sort: AssignmentSort, row: ListedAssignment): CursorValue[] {
    return [row[sortKeys[sort].field], row.id];
  }

  /** Up to `limit + 1` assignments, the one too many telling that there are more. */
  list(
    viewer: Viewer,
    filter: AssignmentFilter,
    { sort, order, now }: { sort: AssignmentSort; order: 'asc' | 'desc'; now: Date },
    { limit, offset, after }: Position,
  ): Promise<ListedAssignment[]> {
    const { sql, parameters } = matching(viewer, filter, now);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const { expression, of } = sortKeys[sort];
    const keyset = after
      ? `and (${expression}, a.id) ${order === 'asc' ? '>' : '<'}
          (${of(parameter(after[0]))}, ${parameter(after[1])}::uuid)`
      : '';
    return this.database.read().many<ListedAssignment>(
      `-- assignments.list
      with page as (
        select a.* from assignments a
        where a.tenant_id = $1 and ${sql} ${keyset}
        order by ${expression} ${order}, a.id ${order}
        limit ${parameter(limit + 1)} offset ${parameter(offset)}
      )
      select ${rowColumns(parameter(now))}, fold(a.title) as "titleSort", counted.counts
      from page a ${counted(viewer, parameters, now)}
      order by ${expression} ${order}, a.id ${order}`,
      parameters,
    );
  }

  async count(viewer: Viewer, filter: AssignmentFilter, now: Date): Promise<number> {
    const { sql, parameters } = matching(viewer, filter, now);
    const { total } = await this.database.read().one<{ total: number }>(
      `-- assignments.count
      select count(*) as total from assignments a where a.tenant_id = $1 and ${sql}`,
      parameters,
    );
    return total;
  }

  /** One that the viewer may see, from the primary: also what the running transaction has just written. */
  findDetail(viewer: Viewer, id: string, now: Date): Promise<AssignmentDetail | null> {
    const { sql, parameters } = seenPredicate(viewer, now, 'one');
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const feedbackRules = scopeOf(viewer) === 'own' ? 'null' : 'a.feedback_rules';
    return this.database.maybeOne<AssignmentDetail>(
      `-- assignments.findDetail
      select ${rowColumns(parameter(now))}, a.description, a.instructions,
        a.estimated_duration_seconds as "estimatedDurationSeconds", modules.list as modules,
        a.max_attempts as "maxAttempts", a.retake_policy as "retakePolicy", a.attempt_policy as "attemptPolicy",
        a.weight, a.grade_release as "gradeRelease", a.grades_released_at as "gradesReleasedAt",
        a.late_penalty as "latePenalty", a.late_penalty_limit as "latePenaltyLimit",
        a.late_grace_seconds as "lateGraceSeconds", ${feedbackRules} as "feedbackRules",
        a.copied_from_id as "copiedFromId", counted.counts
      from assignments a
      cross join lateral (
        select coalesce(json_agg(json_build_object('id', m.id, 'code', m.code, 'title', m.title, 'kind', m.kind,
          'isActive', m.is_active) order by l.position), '[]') as list
        from assignment_modules l join modules m on m.tenant_id = $1 and m.id = l.module_id
        where l.tenant_id = $1 and l.assignment_id = a.id
      ) modules ${counted(viewer, parameters, now)}
      where a.tenant_id = $1 and ${sql} and a.id = ${parameter(id)}`,
      parameters,
    );
  }
}

/** Everything a filter says, within what the viewer may see. */
function matching(viewer: Viewer, filter: AssignmentFilter, now: Date): Predicate {
  const { sql, parameters } = seenPredicate(viewer, now, 'many');
  const conditions = [sql];
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  add(filter.isTemplate, (n) => `a.is_template = ${n}`);
  if (filter.status) {
    const moment = `$${parameters.push(now)}::timestamptz`;
    add(filter.status, (n) => `assignment_status(a.status, a.available_from, ${moment}) = any (${n})`);
  }
  add(filter.ownerId, (n) => `a.owner_id = ${n}`);
  add(filter.category, (n) => `a.category = ${n}`);
  add(filter.tag, (n) => `${n} = any (a.tags)`);
  add(filter.priority, (n) => `a.priority = ${n}`);
  add(filter.search, (n) => `position(fold(${n}) in fold(a.title)) > 0`);
  add(filter.dueFrom, (n) => `a.due_at >= ${midnight(`${n}::date`)}`);
  add(filter.dueTo, (n) => `a.due_at < ${midnight(`${n}::date + 1`)}`);
  add(
    filter.moduleId,
    (n) => `exists (select from assignment_modules m
      where m.tenant_id = $1 and m.assignment_id = a.id and m.module_id = ${n})`,
  );
  return { sql: conditions.join(' and '), parameters };
}

const rowColumns = (now: string): string => `
  a.id, a.owner_id as "ownerId", a.title, a.category, a.tags, a.priority,
  assignment_status(a.status, a.available_from, ${now}::timestamptz) as status, a.is_template as "isTemplate",
  a.is_shared as "isShared", a.target_score as "targetScore", a.needs_grading as "needsGrading",
  a.available_from as "availableFrom", a.available_until as "availableUntil", a.due_at as "dueAt",
  a.published_at as "publishedAt", a.created_at as "createdAt", a.updated_at as "updatedAt", a.version`;

/**
 * How the viewer's own students stand with assignment `a`. What a student would be told of themselves may not have
 * been released yet; their own list says it.
 */
function counted(viewer: Viewer, parameters: unknown[], now: Date): string {
  if (scopeOf(viewer) === 'own') return 'cross join (select null::json as counts) counted';
  const state = (name: string): string => `count(*) filter (where w.is_assigned and s.status = '${name}')`;
  return `cross join lateral (
    select json_build_object('students', count(*), 'excused', count(*) filter (where s.exemption = 'excused'),
      'assigned', count(*) filter (where w.is_assigned), 'notStarted', ${state('not_started')},
      'inProgress', ${state('in_progress')}, 'submitted', ${state('submitted')}, 'completed', ${state('completed')},
      'graded', ${state('graded')}, 'done', count(*) filter (where w.is_assigned and w.is_done),
      'overdue', count(*) filter (where w.is_overdue), 'dueSoon', count(*) filter (where w.is_due_soon),
      'missing', count(*) filter (where w.is_missing), 'late', count(*) filter (where w.is_late),
      'awaitingGrade', count(*) filter (where w.is_awaiting_grade),
      'meanScore', round(avg(s.score) filter (where s.exemption is null), 2)) as counts
    from submissions s
    join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id and p.is_active
    left join work_at($1, $${parameters.push(now)}) w on w.assignment_id = a.id and w.student_id = s.student_id
    where s.tenant_id = $1 and s.assignment_id = a.id and s.withdrawn_at is null
      and ${appendPredicate(scopePredicate(viewer), parameters)}
  ) counted`;
}
