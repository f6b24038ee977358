import { findUnsafe, isStorable } from '../http/body.js';
import type { CsvFormat, CsvRow } from '../http/csv-file.js';
import { isId } from '../http/fields.js';
import { pointerStep, Problem } from '../http/problem.js';
import type { WantedGrade } from './grading.js';

export const gradeColumns = ['pid', 'studentId', 'grade', 'feedback', 'reason', 'version'] as const;
export type GradeColumn = (typeof gradeColumns)[number];

export const gradeFile: CsvFormat<GradeColumn> = {
  columns: gradeColumns,
  required: ['grade'],
  keys: ['pid', 'studentId'],
  maxBytes: 8_388_608,
  maxRows: 20_000,
};

export const longest = { pid: 100, feedback: 10_000, reason: 500, version: 999_999_999 } as const;

export type RowFault =
  'row_invalid' | 'student_invalid' | 'grade_invalid' | 'feedback_invalid' | 'reason_invalid' | 'version_invalid';

/** What was asked for one student. The cells that are at fault are left out. */
export interface GradeRow {
  /** From 1; of a file the row below the names of the columns. */
  readonly row: number;
  readonly studentId?: string;
  readonly pid?: string;
  readonly wanted: WantedGrade;
  readonly fault?: RowFault;
}

type Item = Readonly<Record<string, unknown>>;

/**
 * Checked by hand, item by item, because one at fault must not cost the others. A field that there is not is the fault
 * of whoever has written the client, and of no row.
 * @throws Problem 400 with a pointer to each field that there is not
 */
export function readGradeItems(items: readonly unknown[]): GradeRow[] {
  const unknown = items.flatMap((item, index) =>
    Object.keys(isItem(item) ? item : {})
      .filter((name) => !gradeColumns.includes(name as GradeColumn))
      .map((name) => `/grades/${index}${pointerStep(name)}`),
  );
  if (unknown.length > 0) {
    const detail = 'There is no such field here.';
    throw Problem.invalid(unknown.map((pointer) => ({ pointer, code: 'field_unknown', detail })));
  }
  return items.map((item, index) => readRow(index + 1, item));
}

const isItem = (raw: unknown): raw is Item => typeof raw === 'object' && raw !== null && !Array.isArray(raw);

function readRow(row: number, raw: unknown): GradeRow {
  const item = isItem(raw) ? raw : {};
  const isSound = isItem(raw) && findUnsafe(item).length === 0;
  const { studentId, pid, grade, feedback, reason, version } = item;
  const isText = (value: unknown, max: number): value is string =>
    typeof value === 'string' && value.length <= max && value.trim() !== '' && isStorable(value);
  const isNumber = typeof grade === 'number' && grade >= 0 && grade <= 100;
  const isVersion = Number.isInteger(version) && (version as number) > 0 && (version as number) <= longest.version;
  const student = {
    studentId: isId(studentId) ? (studentId as string).toLowerCase() : undefined,
    pid: isText(pid, longest.pid) ? pid : undefined,
  };
  const isNamed =
    (student.studentId ?? student.pid) !== undefined &&
    (studentId === undefined) === (student.studentId === undefined) &&
    (pid === undefined) === (student.pid === undefined);
  const faults: readonly [boolean, RowFault][] = [
    [isSound, 'row_invalid'],
    [isNamed, 'student_invalid'],
    [grade === undefined || grade === null || isNumber, 'grade_invalid'],
    [feedback === undefined || feedback === null || isText(feedback, longest.feedback), 'feedback_invalid'],
    [reason === undefined || isText(reason, longest.reason), 'reason_invalid'],
    [version === undefined || isVersion, 'version_invalid'],
  ];
  const fault = faults.find(([isGood]) => !isGood)?.[1];
  if (fault) return { row, ...student, wanted: {}, fault };
  return { row, ...student, wanted: { grade, feedback, reason, version } as WantedGrade };
}

/** An empty cell, like a column that is not there, leaves what is there. */
export function readGradeCells(row: number, cells: CsvRow<GradeColumn>): GradeRow {
  const given = Object.entries(cells).filter(([, text]) => text !== '');
  return readRow(row, Object.fromEntries(given.map(([column, text]) => [column, valueOf(column, text)])));
}

/** What is no number stays text, and is found at fault. */
function valueOf(column: string, text: string): unknown {
  if (column === 'grade' && /^\d{1,3}([.,]\d{1,2})?$/.test(text)) return Number(text.replace(',', '.'));
  if (column === 'version' && /^\d{1,9}$/.test(text)) return Number(text);
  return text;
}
