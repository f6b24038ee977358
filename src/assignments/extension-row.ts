import { isStorable } from '../http/body.js';
import type { CsvFormat, CsvRow } from '../http/csv-file.js';
import { isDay, isId, isInstant } from '../http/fields.js';

export const longestReason = 500;
export const longestPid = 100;
/** Of all that are written with four digits of a year: west of Greenwich it ends later. */
const lastDay = '9999-12-31';

export const extensionFile = {
  columns: ['pid', 'studentId', 'until', 'reason'],
  required: ['until', 'reason'],
  keys: ['pid', 'studentId'],
  maxBytes: 8_388_608,
  maxRows: 10_000,
} as const satisfies CsvFormat<string>;
type ExtensionColumn = (typeof extensionFile.columns)[number];

/** Of one row: what is done, or was before, or why it is not done. */
export const extensionOutcomes = [
  'extended', 'unchanged', 'student_invalid', 'until_invalid', 'reason_invalid', 'student_not_found',
  'not_assigned', 'not_later', 'duplicate_row',
] as const; // prettier-ignore
export type ExtensionOutcome = (typeof extensionOutcomes)[number];

/** A row that can be understood. Whoever it names is named by id, by number, or by both if they are the same. */
export interface ExtensionRow {
  /** From 1. */
  readonly row: number;
  readonly studentId: string | null;
  readonly pid: string | null;
  /** An instant, or a local day, whose end is meant. */
  readonly until: string;
  readonly reason: string;
}

export interface RefusedRow {
  readonly row: number;
  readonly pid?: string;
  readonly result: ExtensionOutcome;
}

/**
 * Checks one row of a file, or one item of a list, on its own: one at fault must not cost the others. An empty cell says
 * nothing.
 * @param common what a row that does not say so means
 */
export function readExtension(
  row: number,
  cells: CsvRow<ExtensionColumn>,
  common: { readonly until?: string; readonly reason?: string } = {},
): ExtensionRow | RefusedRow {
  const { studentId = null, pid = null, until = common.until, reason = common.reason } = withoutEmpty(cells);
  const isNamed = studentId !== null || pid !== null;
  if (!isNamed || (studentId !== null && !isId(studentId)) || (pid !== null && !isText(pid, longestPid))) {
    return { row, result: 'student_invalid' };
  }
  const named = { row, pid: pid ?? undefined };
  if (until === undefined || !(isInstant(until) || (isDay(until) && until < lastDay)))
    return { ...named, result: 'until_invalid' };
  if (reason === undefined || !isText(reason, longestReason)) return { ...named, result: 'reason_invalid' };
  return { row, studentId: studentId?.toLowerCase() ?? null, pid, until, reason };
}

function withoutEmpty(cells: CsvRow<ExtensionColumn>): CsvRow<ExtensionColumn> {
  return Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ''));
}

function isText(value: string, longest: number): boolean {
  return value.length <= longest && isStorable(value);
}
