import { isStorable } from '../http/body.js';
import type { CsvFormat } from '../http/csv-file.js';
import { isDay, isId, isInstant } from '../http/fields.js';

export const longestReason = 500;
export const longestPid = 100;

export const extensionFile = {
  columns: ['pid', 'studentId', 'until', 'reason'],
  required: ['until', 'reason'],
  keys: ['pid', 'studentId'],
  maxBytes: 8_388_608,
  maxRows: 10_000,
} as const satisfies CsvFormat<string>;

/** Of one row: what is done, or was before, or why it is not done. */
export const extensionOutcomes = [
  'extended', 'unchanged', 'row_invalid', 'student_invalid', 'until_invalid', 'reason_invalid', 'student_not_found',
  'not_assigned', 'not_later', 'duplicate_row',
] as const; // prettier-ignore
export type ExtensionOutcome = (typeof extensionOutcomes)[number];

/** A row that can be understood. Whoever it names is named by id, by number, or by both if they are the same. */
export interface ExtensionRow {
  /** From 1. */
  readonly row: number;
  readonly studentId: string | null;
  readonly pid: string | null;
  /** An instant, or else `day`, at the end of which it is due. */
  readonly until: string | null;
  readonly day: string | null;
  readonly reason: string;
}

export interface RefusedRow {
  readonly row: number;
  readonly pid?: string;
  readonly result: ExtensionOutcome;
}

const fields: readonly string[] = extensionFile.columns;

/**
 * Checks one row of a file, or one item of a list, by hand: one at fault must not cost the others.
 * @param common what an item that does not say so means
 */
export function readExtension(
  row: number,
  raw: unknown,
  common: { readonly until?: string; readonly reason?: string } = {},
): ExtensionRow | RefusedRow {
  if (typeof raw !== 'object' || raw === null || Object.keys(raw).some((name) => !fields.includes(name))) {
    return { row, result: 'row_invalid' };
  }
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== '' && value !== null));
  const { studentId = null, pid = null, until = common.until, reason = common.reason } = given as Given;
  if ((studentId === null && pid === null) || (studentId !== null && !isId(studentId)) || !isText(pid, longestPid)) {
    return { row, result: 'student_invalid' };
  }
  const named = { row, pid: pid ?? undefined };
  const [isMoment, isWholeDay] = [isInstant(until), isDay(until)];
  if (!isMoment && !isWholeDay) return { ...named, result: 'until_invalid' };
  if (typeof reason !== 'string' || !isText(reason, longestReason)) return { ...named, result: 'reason_invalid' };
  return { row, studentId, pid, until: isMoment ? until! : null, day: isWholeDay ? until! : null, reason };
}

/** Nothing of it has been looked at. */
type Given = Readonly<Partial<Record<keyof ExtensionRow, string>>>;

function isText(value: unknown, longest: number): boolean {
  return (
    value === null || (typeof value === 'string' && value.length <= longest && value.trim() !== '' && isStorable(value))
  );
}
