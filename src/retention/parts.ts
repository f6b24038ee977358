import type { PartitionedTable } from '../operations/partitions.repository.js';
import type { Category } from './categories.js';

/** Rows of one table that belong to a category. */
export interface Part {
  readonly category: Category;
  readonly table: string;
  /** Beside the tenant. */
  readonly key: readonly string[];
  /** When a row `x` is of. */
  readonly time: string;
  readonly type: 'date' | 'timestamptz';
  /** What else a row `x` must be, to go. */
  readonly where?: string;
  /** The same as it will be once the parts before are gone. */
  readonly foreseen?: string;
  /** Whether a row `x` is of the person of a hold `h`; left out: of nobody. */
  readonly isOf?: string;
  /** Its partitions go as a whole. */
  readonly partitions?: PartitionedTable;
}

const sent = 'coalesce(x.sent_at, x.created_at)';

/** Whether some active hold keeps a row `x`. */
export const heldBy = ({ category, isOf = 'false' }: Pick<Part, 'category' | 'isOf'>): string =>
  `h.lifted_at is null and (h.category is null or h.category = '${category}') and (h.person_id is null or ${isOf})`;

const isHeld = (isOf: string): string =>
  `exists (select from legal_holds h where h.tenant_id = $1 and ${heldBy({ category: 'messages', isOf })})`;

/** In this order: what refers to others first, so that no deletion takes more rows with it than its batch has. */
export const parts: readonly Part[] = [
  {
    category: 'snapshots',
    table: 'sessions',
    key: ['student_id', 'day', 'id'],
    time: 'x.day',
    type: 'date',
    isOf: 'h.person_id = x.student_id',
    partitions: 'sessions',
  },
  {
    category: 'snapshots',
    table: 'progress_snapshots',
    key: ['student_id', 'day'],
    time: 'x.day',
    type: 'date',
    isOf: 'h.person_id = x.student_id',
    partitions: 'progress_snapshots',
  },
  ...(['roster_days', 'module_days', 'hour_days', 'question_days', 'stale_days'] as const).map((table): Part => {
    const more = { module_days: ['module_id'], hour_days: ['hour'], question_days: ['module_id', 'question_id'] };
    const key = ['instructor_id', 'department_id', 'day', ...(more[table as keyof typeof more] ?? [])];
    // question_days is found by its day only within a module
    const where =
      table === 'question_days' ? 'x.module_id in (select id from modules where tenant_id = $1)' : undefined;
    return { category: 'analytics', table, key, time: 'x.day', type: 'date', where, foreseen: where };
  }),
  {
    category: 'messages',
    table: 'message_recipients',
    key: ['message_id', 'user_id'],
    time: `(select ${sent.replaceAll('x.', 'm.')} from messages m where m.tenant_id = $1 and m.id = x.message_id)`,
    type: 'timestamptz',
    where: `x.message_id in (
      select m.id from messages m where m.tenant_id = $1 and m.status <> 'scheduled' and coalesce(m.sent_at, m.created_at) < $2
    )`,
    foreseen: `x.message_id in (
      select m.id from messages m where m.tenant_id = $1 and m.status <> 'scheduled' and coalesce(m.sent_at, m.created_at) < $2
    )`,
    isOf: 'h.person_id in (x.user_id, (select m.sender_id from messages m where m.tenant_id = $1 and m.id = x.message_id))',
  },
  {
    category: 'messages',
    table: 'messages',
    key: ['id'],
    time: sent,
    type: 'timestamptz',
    // not what is still to be sent, however long ago it was written
    where: `x.status <> 'scheduled' and not exists (
      select from message_recipients r where r.tenant_id = $1 and r.message_id = x.id
    )`,
    foreseen: `x.status <> 'scheduled' and not exists (
      select from message_recipients r where r.tenant_id = $1 and r.message_id = x.id and ${isHeld('h.person_id = r.user_id')}
    )`,
    isOf: 'h.person_id = x.sender_id',
  },
  {
    category: 'messages',
    table: 'threads',
    key: ['user_id', 'id'],
    time: 'x.last_at',
    type: 'timestamptz',
    isOf: 'h.person_id in (x.user_id, x.other_id)',
  },
  {
    category: 'riskEvaluations',
    table: 'risk_evaluations',
    key: ['student_id', 'day', 'number'],
    time: 'x.day',
    type: 'date',
    isOf: 'h.person_id = x.student_id',
    partitions: 'risk_evaluations',
  },
  {
    category: 'riskEvaluations',
    table: 'risk_cohorts',
    key: ['department_id', 'day'],
    time: 'x.day',
    type: 'date',
    // an evaluation may have been made against the cohort of a day before
    where: `not exists (
      select from risk_evaluations r
      where r.tenant_id = $1 and r.department_id = x.department_id and r.cohort_day = x.day
    )`,
    foreseen: `not exists (
      select from risk_evaluations r
      where r.tenant_id = $1 and r.department_id = x.department_id and r.cohort_day = x.day and r.day >= $2
    )`,
  },
  {
    category: 'audit',
    table: 'audit_entries',
    key: ['at', 'id'],
    time: 'x.at',
    type: 'timestamptz',
    where: 'not exists (select from audit_pending p where p.tenant_id = $1 and p.at = x.at and p.id = x.id)',
    foreseen: 'not exists (select from audit_pending p where p.tenant_id = $1 and p.at = x.at and p.id = x.id)',
    isOf: 'h.person_id in (x.actor_id, x.person_id) or h.person_id::text = x.target_id',
    partitions: 'audit_entries',
  },
];
