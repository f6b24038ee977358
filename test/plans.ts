import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Sent } from './sent.js';

/** Tables that grow with students, days or both: read whole by no question. */
export const bigTables = [
  'sessions', 'progress_snapshots', 'student_progress', 'roster_entries', 'active_days', 'module_days', 'roster_days',
  'hour_days', 'question_days', 'student_modules', 'submissions', 'risk_evaluations', 'audit_entries',
] as const; // prettier-ignore
const isBig = new RegExp(`^(${bigTables.join('|')})(_default|_\\d{4}_\\d{2})?$`);

/** What EXPLAIN says of one step, as far as it is looked at. */
export interface PlanStep {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Plan Rows': number;
  readonly Plans?: readonly PlanStep[];
}

/** The generic plan, which is what the product runs by: parameters are given, and not looked at. */
export async function planOf(source: DataSource, { text, values }: Sent): Promise<PlanStep> {
  const runner = source.createQueryRunner();
  try {
    await runner.query(`prepare explained as ${text}`);
    const given = values.length > 0 ? `(${values.map(literal).join(', ')})` : '';
    const explained: unknown = await runner.query(`explain (format json) execute explained${given}`);
    // the product's own on this connection stay
    await runner.query('deallocate explained');
    return (explained as { 'QUERY PLAN': { Plan: PlanStep }[] }[])[0]!['QUERY PLAN'][0]!.Plan;
  } finally {
    await runner.release();
  }
}

export const stepsOf = (plan: PlanStep): PlanStep[] => [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];

/** The big tables that a plan reads from beginning to end, in the order it does. */
export function readWhole(plan: PlanStep): string[] {
  return stepsOf(plan).flatMap((step) => {
    const { 'Node Type': type, 'Relation Name': table = '', 'Index Cond': condition } = step;
    // an index that is gone through without a condition is the whole table as well
    const isWhole = /Seq Scan/.test(type) || (/^Index/.test(type) && condition === undefined);
    return isWhole && isBig.test(table) ? [table] : [];
  });
}

/** As the driver would send it; its type is what the statement takes it for. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return `'${value.toISOString()}'`;
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(element).join(',')}}`);
  return pg.escapeLiteral(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function element(value: unknown): string {
  return value === null ? 'null' : `"${String(value).replace(/[\\"]/g, '\\$&')}"`;
}
