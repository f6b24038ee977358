import { Day, Decimal, Id, isId, OneOf, OneOfList, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { Moment } from '../org/tenants.service.js';
import { isInBand, type RiskBand, riskBands } from './risk-bands.js';

export const studentStatuses = ['active', 'inactive', 'neverStarted', 'atRisk', 'topPerformer'] as const;
export const assignmentStates = [
  'assigned', 'open', 'dueSoon', 'overdue', 'missing', 'awaitingGrade', 'completed',
] as const; // prettier-ignore
export type AssignmentState = (typeof assignmentStates)[number];
export const interventionStates = ['open', 'none'] as const;
export const studentSorts = ['name', 'score', 'risk', 'lastActive', 'joined', 'progress'] as const;
export type StudentSort = (typeof studentSorts)[number];

/** The filter of the house: the list, counts, segments and everything that is done to many students take it. */
export class StudentFilter extends PageQuery {
  @Text({ max: 200, optional: true, description: 'Name, e-mail or number: parts of words, accents and typos forgiven' })
  readonly search?: string;

  @OneOf(studentStatuses, {
    optional: true,
    description: '`active`, `inactive` and `neverStarted` divide all students; the others overlap with them',
  })
  readonly status?: (typeof studentStatuses)[number];

  @OneOfList(riskBands, { max: 4, optional: true, description: 'Risk bands' })
  readonly band?: RiskBand[];

  @Id({ optional: true, description: 'Students of this department or one below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'Students of this instructor' })
  readonly instructorId?: string;

  @Id({ optional: true, description: 'Students with a session in this module' })
  readonly moduleId?: string;

  @Day({ optional: true, description: 'Last active on this local day or later' })
  readonly lastActiveFrom?: string;

  @Day({ optional: true, description: 'Last active on this local day or earlier' })
  readonly lastActiveTo?: string;

  @Day({ optional: true, description: 'Joined on this day or later' })
  readonly joinedFrom?: string;

  @Day({ optional: true, description: 'Joined on this day or earlier' })
  readonly joinedTo?: string;

  @Decimal({ min: 0, max: 100, optional: true, description: 'Least overall score' })
  readonly scoreMin?: number;

  @Decimal({ min: 0, max: 100, optional: true, description: 'Greatest overall score' })
  readonly scoreMax?: number;

  @Decimal({ min: 0, max: 100, optional: true, description: 'Least completion rate' })
  readonly progressMin?: number;

  @Decimal({ min: 0, max: 100, optional: true, description: 'Greatest completion rate' })
  readonly progressMax?: number;

  @Id({ optional: true, description: 'Students who have this assignment, once it is published' })
  readonly assignmentId?: string;

  @OneOf(assignmentStates, {
    optional: true,
    description:
      'Students with work that is so now: on that assignment, or without `assignmentId` on any. `open` and `completed` ' +
      'divide what is `assigned`; the others overlap with them',
  })
  readonly assignmentState?: AssignmentState;

  @OneOf(interventionStates, {
    optional: true,
    description: 'Students with an intervention that is not closed, or without; nobody for whom may not see cases',
  })
  readonly intervention?: (typeof interventionStates)[number];
}

export class StudentListQuery extends StudentFilter {
  @OneOf(studentSorts, { optional: true, default: 'name', description: 'Sort key' })
  readonly sort: StudentSort = 'name';

  @OneOf(['asc', 'desc'], {
    optional: true,
    description: 'Default: `asc` for name, else `desc`. Without a value: last descending, first ascending',
  })
  readonly order?: 'asc' | 'desc';

  @Id({ optional: true, description: "A segment's filter; what is given beside it replaces its parts" })
  readonly segmentId?: string;
}

/** The names of the filter alone: what a segment keeps. */
export const filterNames = [
  'search', 'status', 'band', 'departmentId', 'instructorId', 'moduleId', 'lastActiveFrom', 'lastActiveTo',
  'joinedFrom', 'joinedTo', 'scoreMin', 'scoreMax', 'progressMin', 'progressMax', 'assignmentId', 'assignmentState',
  'intervention',
] as const; // prettier-ignore
export type Filter = Partial<Pick<StudentFilter, (typeof filterNames)[number]>>;

/** What of a query is the filter: only what was given, in one order and as ids are kept: equal filters are equal text. */
export function filterOf(query: Filter): Filter {
  const kept = filterNames.filter((name) => query[name] !== undefined);
  return Object.fromEntries(
    kept.map((name) => {
      const value = query[name];
      return [name, typeof value === 'string' && isId(value) && name !== 'search' ? value.toLowerCase() : value];
    }),
  ) as Filter;
}

/** A predicate on `student_progress p` beside `p.tenant_id = $1`, and all parameters. */
export interface Predicate {
  readonly sql: string;
  readonly parameters: unknown[];
}

type Scope = 'own' | 'roster' | 'departments' | 'tenant';

export const scopeOf = (viewer: Viewer): Scope => {
  if (viewer.role === 'student') return 'own';
  if (viewer.role === 'instructor') return 'roster';
  return viewer.role === 'supervisor' ? 'departments' : 'tenant';
};

/** Whether something belongs to a department or one below it. */
export const isBelow = (column: string, n: string): string =>
  `${column} in (select d.id from departments d where d.tenant_id = $1 and d.path @> array[${n}::uuid])`;
const subtree = (n: string): string => isBelow('p.department_id', n);

/** Whose rosters count as this viewer's own: theirs, and those of the instructors they stand in for at present. */
export function rostersOf({ userId, rosters = [] }: Viewer): string[] {
  return [userId, ...rosters].sort();
}

/** For the audit: by whose delegation this viewer reaches a student of that instructor; undefined where by none. */
export function delegationOf(viewer: Viewer, instructorId: string | null): object | undefined {
  return viewer.rosters?.includes(instructorId ?? '') ? { delegation: { instructorId } } : undefined;
}

/** Which rows are this viewer's to see. Rows beyond it read as not there. */
export function scopePredicate(viewer: Viewer): Predicate {
  const { tenantId, userId, departmentId, rosters = [] } = viewer;
  const standsIn = rosters.length > 0;
  switch (scopeOf(viewer)) {
    case 'own':
      return { sql: 'p.student_id = $2', parameters: [tenantId, userId] };
    case 'roster':
      return standsIn
        ? { sql: 'p.instructor_id = any ($2::uuid[])', parameters: [tenantId, rostersOf(viewer)] }
        : { sql: 'p.instructor_id = $2', parameters: [tenantId, userId] };
    case 'departments':
      return standsIn
        ? {
            sql: `(${subtree('$2')} or p.instructor_id = any ($3::uuid[]))`,
            parameters: [tenantId, departmentId, rostersOf(viewer)],
          }
        : { sql: subtree('$2'), parameters: [tenantId, departmentId] };
    case 'tenant':
      return { sql: 'true', parameters: [tenantId] };
  }
}

/** SQL of the metrics `active`, `inactive`, `neverStarted`, `atRisk`, `topPerformer`; `since` is the first of 7 days. */
export const statusPredicates: Readonly<Record<(typeof studentStatuses)[number], (since: string) => string>> = {
  active: (since) => `p.last_active_on >= ${since}`,
  inactive: (since) => `p.has_started and (p.last_active_on is null or p.last_active_on < ${since})`,
  neverStarted: () => 'not p.has_started',
  atRisk: () => 'p.is_at_risk',
  topPerformer: () => 'p.is_top_performer',
};

/** On `work_at(…) w`: which pieces of work are in a state. */
export const workPredicates: Readonly<Record<AssignmentState, string>> = {
  assigned: 'w.is_assigned',
  open: 'w.is_assigned and not w.is_done',
  dueSoon: 'w.is_due_soon',
  overdue: 'w.is_overdue',
  missing: 'w.is_missing',
  awaitingGrade: 'w.is_awaiting_grade',
  completed: 'w.is_assigned and w.is_done',
};

/** Of `student_progress p`: a streak is broken by midnight, whether or not the night's job has run. */
export const currentStreak = (today: string): string =>
  `case when p.last_active_on >= ${today}::date - 1 then p.current_streak else 0 end`;

/** Everything a filter says, within what the viewer may see, about active students. Of a search every word must be found. */
export function studentPredicate(viewer: Viewer, filter: Filter, { today, now }: Moment): Predicate {
  const { sql, parameters } = scopePredicate(viewer);
  const conditions = ['p.is_active', sql];
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value === undefined) return;
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  if (filter.status === 'active' || filter.status === 'inactive') {
    add(addDays(today, -6), (n) => `(${statusPredicates[filter.status!](`${n}::date`)})`);
  } else if (filter.status) conditions.push(statusPredicates[filter.status](''));
  const bands = riskBands.filter((band) => filter.band?.includes(band));
  if (bands.length > 0) conditions.push(`(${bands.map((band) => isInBand('p.risk_score', band)).join(' or ')})`);
  add(filter.departmentId, subtree);
  add(filter.instructorId, (n) => `p.instructor_id = ${n}`);
  add(
    filter.moduleId,
    (n) => `exists (select from sessions s
      where s.tenant_id = $1 and s.student_id = p.student_id and s.module_id = ${n})`,
  );
  add(filter.lastActiveFrom, (n) => `p.last_active_on >= ${n}`);
  add(filter.lastActiveTo, (n) => `p.last_active_on <= ${n}`);
  add(filter.joinedFrom, (n) => `p.joined_on >= ${n}`);
  add(filter.joinedTo, (n) => `p.joined_on <= ${n}`);
  add(filter.scoreMin, (n) => `p.overall_score >= ${n}`);
  add(filter.scoreMax, (n) => `p.overall_score <= ${n}`);
  add(filter.progressMin, (n) => `p.completion_rate >= ${n}`);
  add(filter.progressMax, (n) => `p.completion_rate <= ${n}`);
  if (filter.assignmentId !== undefined || filter.assignmentState !== undefined) {
    const work = ['w.student_id = p.student_id'];
    if (filter.assignmentId !== undefined) work.push(`w.assignment_id = $${parameters.push(filter.assignmentId)}`);
    // a student is not told of what is still to come
    const state = filter.assignmentState ?? (scopeOf(viewer) === 'own' ? 'assigned' : undefined);
    if (state) work.push(workPredicates[state]);
    // `is true` keeps it from becoming a join, which would be quadratic where the tables were filled a minute ago
    conditions.push(`exists (
      select from work_at($1, $${parameters.push(now)}) w where ${work.join(' and ')}
    ) is true`);
  }
  if (filter.intervention !== undefined) {
    const isOpen = `exists (
      select from interventions c where c.tenant_id = $1 and c.student_id = p.student_id and c.closed_at is null
    )`;
    // what people think of a student is neither for the student nor for machines
    const maySee = viewer.role !== 'student' && viewer.role !== 'service';
    conditions.push(maySee ? `${isOpen} = ${filter.intervention === 'open'}` : 'false');
  }
  const words = filter.search?.trim().split(/\s+/).slice(0, 5) ?? [];
  if (words.length > 0) {
    const found = words.map((word) => {
      // with fewer than three letters only the beginning of a word makes a trigram
      const pattern = `${word.length < 3 ? '% ' : '%'}${word.replace(/[\\%_]/g, '\\$&')}%`;
      const like = `s.search_text like fold($${parameters.push(pattern)})`;
      // pg_trgm's word similarity forgives a typo, where there are letters enough to tell; a number is meant as it is
      const forgiving = /^[\p{L}\p{M}'’-]{4,}$/u.test(word);
      return forgiving ? `(${like} or fold($${parameters.push(word)}) <% s.search_text)` : like;
    });
    // the roster's own condition again, because the index of the words begins with the instructor
    const own = scopeOf(viewer) === 'roster' ? `and ${sql.replace('p.', 's.')}` : '';
    // found first and then looked up: as a join the planner would rather try every student in the order of the list
    conditions.push(`p.student_id = any (array(
      select s.student_id from student_search s where s.tenant_id = $1 ${own} and ${found.join(' and ')}
    ))`);
  }
  return { sql: conditions.join(' and '), parameters };
}
