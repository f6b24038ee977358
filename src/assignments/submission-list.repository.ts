import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { CursorKind, CursorValue, Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { isBelow, type Predicate, scopeOf, scopePredicate } from '../students/student-filter.js';
import { appendPredicate } from './assignment-scope.js';
import { effectiveDue } from './due-dates.js';
import type { SubmissionKey } from './submission-scores.repository.js';
import type {
  SubmissionDetail,
  SubmissionFilter,
  SubmissionRow,
  SubmissionSort,
  SubmissionState,
} from './submissions.dto.js';

/** Without the page. */
export type Filter = Partial<Omit<SubmissionFilter, 'limit' | 'page' | 'cursor'>>;

export interface ZonedMoment {
  readonly now: Date;
  /** Of the tenant, in which days are cut. */
  readonly timeZone: string;
}

export interface ListedSubmission extends SubmissionRow {
  readonly nameSort: string;
}

interface SortKey {
  readonly kind: CursorKind;
  readonly expression: string;
  /** The same for the value of a cursor. */
  readonly of: (n: string) => string;
  readonly field: keyof ListedSubmission;
}

const sortKeys: Readonly<Record<SubmissionSort, SortKey>> = {
  due: {
    kind: 'instant',
    expression: `coalesce(w.effective_due_at, 'infinity')`,
    of: (n) => `coalesce(${n}::timestamptz, 'infinity')`,
    field: 'effectiveDueAt',
  },
  submitted: {
    kind: 'instant',
    expression: `coalesce(s.last_submitted_at, '-infinity')`,
    of: (n) => `coalesce(${n}::timestamptz, '-infinity')`,
    field: 'submittedAt',
  },
  student: { kind: 'text', expression: 'p.name_sort', of: (n) => n, field: 'nameSort' },
};

/** Beyond this many rows a total is an estimate. */
const countedRows = 10_000;

/** Whether whoever did it may see what came of it. */
const released = `(a.grade_release = 'automatic' or a.grades_released_at is not null)`;
/** For the columns of scores: a student is shown them once they are released, everybody else at once. */
export const shownTo = (viewer: Viewer): string => (scopeOf(viewer) === 'own' ? released : 'true');

/** Until grades are released, a student's own work reads as if nobody had graded it yet. */
const statusFor = (viewer: Viewer): string => `case when s.status <> 'graded' or ${shownTo(viewer)} then s.status
  when s.is_completed_by_sessions then 'completed' else 'submitted' end`;
const awaitsFor = (viewer: Viewer): string =>
  `(w.is_awaiting_grade or s.graded_at is not null and not ${shownTo(viewer)})`;

const statePredicate = (state: SubmissionState, viewer: Viewer): string => {
  switch (state) {
    case 'notStarted':
      return `s.status = 'not_started'`;
    case 'inProgress':
      return `s.status = 'in_progress'`;
    case 'submitted':
    case 'completed':
    case 'graded':
      return `${statusFor(viewer)} = '${state}'`;
    case 'overdue':
      return 'w.is_overdue';
    case 'dueSoon':
      return 'w.is_due_soon';
    case 'missing':
      return 'w.is_missing';
    case 'late':
      return 'w.is_late';
    case 'awaitingGrade':
      return awaitsFor(viewer);
    case 'excused':
    case 'exempt':
      return `s.exemption = '${state}'`;
  }
};

/** `p` is `student_progress`, `w` the work of the moment. */
const source = (now: string): string => `student_progress p
  join work_at($1, ${now}) w on w.student_id = p.student_id
  join submissions s on s.tenant_id = $1 and s.assignment_id = w.assignment_id and s.student_id = w.student_id
  join assignments a on a.tenant_id = $1 and a.id = w.assignment_id`;

const rowColumns = (viewer: Viewer, now: string): string => `
  w.assignment_id as "assignmentId", a.title as "assignmentTitle",
  assignment_status(a.status, a.available_from, ${now}) as "assignmentStatus",
  w.student_id as "studentId", p.name as "studentName", p.pid as "studentPid", ${statusFor(viewer)} as status,
  w.is_overdue as "isOverdue", w.is_due_soon as "isDueSoon", w.is_late as "isLate", w.is_missing as "isMissing",
  ${awaitsFor(viewer)} as "isAwaitingGrade", w.effective_due_at as "effectiveDueAt", s.due_rule as "dueRule",
  s.attempts_submitted as "attemptsSubmitted", s.attempts_started > s.attempts_submitted as "hasOpenAttempt",
  a.max_attempts as "maxAttempts", case when ${shownTo(viewer)} then s.score end as score,
  s.last_submitted_at as "submittedAt", s.total_time_seconds as "totalTimeSeconds", s.exemption, s.version`;

@Injectable()
export class SubmissionListRepository {
  constructor(private readonly database: Database) {}

  cursorKinds(sort: SubmissionSort): CursorKind[] {
    return [sortKeys[sort].kind, 'id', 'id'];
  }

  cursorOf(sort: SubmissionSort, row: ListedSubmission): CursorValue[] {
    return [row[sortKeys[sort].field], row.assignmentId, row.studentId];
  }

  /** Up to `position.limit + 1` of them, the one too many telling that there are more. */
  list(
    viewer: Viewer,
    filter: Filter,
    { sort, order, ...moment }: ZonedMoment & { readonly sort: SubmissionSort; readonly order: 'asc' | 'desc' },
    { limit, offset, after }: Position,
  ): Promise<ListedSubmission[]> {
    const { sql, parameters } = submissionPredicate(viewer, filter, moment);
    const { expression, of } = sortKeys[sort];
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const keyset = after
      ? `and (${expression}, w.assignment_id, w.student_id) ${order === 'asc' ? '>' : '<'}
          (${of(parameter(after[0]))}, ${parameter(after[1])}::uuid, ${parameter(after[2])}::uuid)`
      : '';
    return this.database.read().many<ListedSubmission>(
      `-- assignments.listSubmissions
      select ${rowColumns(viewer, '$2')}, p.name_sort as "nameSort"
      from ${source('$2')}
      where p.tenant_id = $1 and ${sql} ${keyset}
      order by ${expression} ${order}, w.assignment_id ${order}, w.student_id ${order}
      limit ${parameter(limit + 1)} offset ${parameter(offset)}`,
      parameters,
    );
  }

  /** Exact up to 10,000; above, what the planner takes it for. */
  async count(viewer: Viewer, filter: Filter, moment: ZonedMoment): Promise<{ total: number; isEstimate: boolean }> {
    const { sql, parameters } = submissionPredicate(viewer, filter, moment);
    const { total } = await this.database.read().one<{ total: number }>(
      `-- assignments.countSubmissions
      select count(*) as total
      from (select from ${source('$2')} where p.tenant_id = $1 and ${sql} limit ${countedRows + 1}) counted`,
      parameters,
    );
    if (total <= countedRows) return { total, isEstimate: false };
    const [plan] = await this.database.read().many<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      `-- assignments.estimateSubmissions
      explain (format json) select from ${source('$2')} where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
    return { total: Math.max(plan!['QUERY PLAN'][0].Plan['Plan Rows'], countedRows + 1), isEstimate: true };
  }

  /** Without its attempts, and with the student's instructor. */
  find(
    viewer: Viewer,
    { assignmentId, studentId }: SubmissionKey,
    moment: ZonedMoment,
  ): Promise<(Omit<SubmissionDetail, 'attempts'> & { instructorId: string | null }) | null> {
    const { sql, parameters } = submissionPredicate(viewer, { assignmentId, studentId }, moment);
    const shown = shownTo(viewer);
    return this.database.read().maybeOne(
      `-- assignments.findSubmission
      select ${rowColumns(viewer, '$2')}, ${effectiveDue(viewer)} as "effectiveDue", w.closes_at as "closesAt",
        coalesce(a.target_score, t.pass_mark) as "targetScore", s.started_at as "startedAt",
        s.first_submitted_at as "firstSubmittedAt", ${released} as "isReleased",
        case when ${shown} then s.attempt_score end as "attemptScore", case when ${shown} then s.grade end as grade,
        case when ${shown} then s.grade_penalty else 0 end as "gradePenalty",
        case when ${shown} then s.graded_at end as "gradedAt",
        case when ${shown} then s.feedback end as feedback,
        case when ${shown} then s.auto_feedback end as "autoFeedback", p.instructor_id as "instructorId"
      from ${source('$2')}
      join tenants t on t.id = $1
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }
}

/** Work that is set to students whom the viewer has; `$2` is now. What is not yet available is no business of theirs. */
function submissionPredicate(viewer: Viewer, filter: Filter, { now, timeZone }: ZonedMoment): Predicate {
  const parameters: unknown[] = [viewer.tenantId, now];
  const conditions = ['p.is_active', appendPredicate(scopePredicate(viewer), parameters)];
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  if (scopeOf(viewer) === 'own') conditions.push('(a.available_from is null or a.available_from <= $2)');
  add(filter.assignmentId, (n) => `w.assignment_id = ${n}`);
  add(filter.studentId, (n) => `p.student_id = ${n}`);
  add(filter.instructorId, (n) => `p.instructor_id = ${n}`);
  add(filter.departmentId, (n) => isBelow('p.department_id', n));
  if (filter.state) conditions.push(statePredicate(filter.state, viewer));
  const midnight = (day: string): string => `(${day})::timestamp at time zone $${parameters.push(timeZone)}`;
  add(filter.dueFrom, (n) => `w.effective_due_at >= ${midnight(`${n}::date`)}`);
  add(filter.dueTo, (n) => `w.effective_due_at < ${midnight(`${n}::date + 1`)}`);
  return { sql: conditions.join(' and '), parameters };
}
