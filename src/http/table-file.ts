import { addAbortSignal, Readable } from 'node:stream';
import { writeXlsxStream } from 'hucre/xlsx';

export type TableCell = string | number | null;

/** Rows are pulled as fast as the reader takes them; a reader who goes away ends the iteration. */
export interface Table {
  /** Of the sheet: up to 31 characters, none of `[]:*?/\`. */
  readonly title: string;
  readonly columns: readonly string[];
  /** Whether the columns' names are the first row; they are unless told. */
  readonly header?: boolean;
  readonly rows: AsyncIterable<readonly TableCell[]> | Iterable<readonly TableCell[]>;
}

export const tableFormats = ['csv', 'xlsx'] as const;
export type TableFormat = (typeof tableFormats)[number];
export const tableTypes: Readonly<Record<TableFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** Nobody holds a file open for longer than this. */
const longestSeconds = 300;
/** Of a chunk of CSV: one for each row would cost more than the row. */
const chunkLength = 32_768;
/** UTF-16 units; Excel calls a file with a longer text damaged. */
const longestText = 32_767;
/**
 * With what a formula may begin where a spreadsheet reads the file (OWASP, CSV Injection); East Asian editions read the
 * characters of full width alike.
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
const quoted = /[",;\t\r\n]|^\s|\s$/;
/** As Office Open XML writes a character by its number (ECMA-376, ST_Xstring); here it is meant as it stands. */
const escape = /_(?=x[0-9a-f]{4}_)/gi;

/** A table as a file that is written while it is read: any number of rows in constant memory. */
export function writeTable(format: TableFormat, table: Table): Readable {
  const file = format === 'csv' ? Readable.from(csvChunks(table), { objectMode: false }) : xlsxFile(table);
  return addAbortSignal(AbortSignal.timeout(longestSeconds * 1000), file);
}

/** Without it Excel reads UTF-8 as something else. */
export const byteOrderMark = '\uFEFF';

async function* csvChunks({ columns, rows, header = true }: Table): AsyncGenerator<string> {
  let chunk = byteOrderMark + (header ? csvLine(columns) : '');
  for await (const row of rows) {
    chunk += csvLine(row);
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

/** RFC 4180, for a file in UTF-8. Text that would be a formula has an apostrophe before it. */
export function csvLine(cells: readonly TableCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: TableCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return quoted.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Text is typed as text, and so is never a formula. Beyond 1,048,576 rows a further sheet begins. */
export function xlsxFile({ title, columns, rows, header = true }: Table): Readable {
  const options = header
    ? { columns: columns.map((column) => ({ header: xlsxText(column) })), freezePane: { rows: 1 } }
    : {};
  return Readable.from(writeXlsxStream(xlsxRows(rows), { name: title, ...options }));
}

async function* xlsxRows(rows: Table['rows']): AsyncGenerator<TableCell[]> {
  for await (const row of rows) yield row.map((cell) => (typeof cell === 'string' ? xlsxText(cell) : cell));
}

function xlsxText(text: string): string {
  return text.slice(0, longestText).replace(escape, '_x005F_');
}
