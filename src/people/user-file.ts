import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Problem } from '../http/problem.js';

export const userColumns = [
  'role', 'name', 'email', 'pid', 'rank', 'department', 'instructor', 'joinedOn', 'isActive',
] as const; // prettier-ignore
export type UserColumn = (typeof userColumns)[number];

/** The row's cells without white space around them; columns that the file does not have are not there. */
export type Cells = Partial<Record<UserColumn, string>>;

export const fileLimits = { bytes: 8_388_608, rows: 20_000 } as const;
/** Of one row: a quotation mark that is never closed would else swallow the rest of the file. */
const longestRow = 20_000;
const lineEnd = /[\r\n]/;

/**
 * Reads a CSV file of people: UTF-8 with or without byte order mark, comma or semicolon, the first row naming the
 * columns. Cells are data, whatever they begin with.
 * @throws Problem 400 for what is no such file, 413 for one with too many bytes, 422 for one with too many rows
 */
export async function readUserFile(file: Readable): Promise<Cells[]> {
  const bytes = await bytesOf(file);
  if (!isUtf8(bytes)) throw malformed('file_not_utf8', 'The file is not UTF-8.');
  const [head] = bytes.toString('utf8', 0, longestRow).split(lineEnd, 1);
  if (head!.trim() === '') throw malformed('header_missing', 'The file does not begin with the names of the columns.');
  const parser = parse({
    bom: true,
    delimiter: head!.includes(';') ? ';' : ',',
    columns: columnsOf,
    trim: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
  });
  const rows: Cells[] = [];
  try {
    for await (const row of Readable.from(slicesOf(bytes)).pipe(parser)) {
      if (rows.length === fileLimits.rows) {
        throw new Problem(422, 'file_too_long', { detail: `A file has ${fileLimits.rows} rows at most.` });
      }
      rows.push(row as Cells);
    }
  } catch (error) {
    throw error instanceof CsvError ? notCsv(error) : error;
  }
  return rows;
}

async function bytesOf(file: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // the request is also where the answer goes: it must outlive a file that is given up
    for await (const chunk of file.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > fileLimits.bytes) throw Problem.ofStatus(413)!;
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Problem ? error : Problem.ofStatus(408, error)!;
  } finally {
    // what is not wanted any more has to arrive nevertheless, or nobody listens for the answer
    file.resume();
  }
  return Buffer.concat(chunks);
}

/** Others have their turn between two of them. */
function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}

function columnsOf(header: readonly string[]): UserColumn[] {
  const columns = header.map((name) => {
    const column = userColumns.find((known) => known.toLowerCase() === name.trim().toLowerCase());
    if (column) return column;
    const detail = `The first row names a column that is not one of ${userColumns.join(', ')}.`;
    throw malformed('column_unknown', detail);
  });
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw malformed('column_repeated', `The first row names the column ${twice} twice.`);
  const missing = (['role', 'name'] as const).find((column) => !columns.includes(column));
  if (missing) throw malformed('column_missing', `The first row does not name the column ${missing}.`);
  if (!columns.includes('pid') && !columns.includes('email')) {
    throw malformed('column_missing', 'The first row names neither pid nor email, and people are known by these.');
  }
  return columns;
}

function malformed(code: string, detail: string): Problem {
  return new Problem(400, code, { detail });
}

function notCsv(error: CsvError): Problem {
  const line = typeof error['lines'] === 'number' ? error['lines'] : 0;
  return malformed('file_malformed', `Line ${line} is not CSV: ${reasons[error.code] ?? 'it cannot be read'}.`);
}

const reasons: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: 'it has more or fewer cells than the first row',
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark is not closed',
  CSV_MAX_RECORD_SIZE: 'it is too long, or a quotation mark is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quotation mark stands within a cell',
  INVALID_OPENING_QUOTE: 'a quotation mark stands within a cell',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'something stands behind a quotation mark',
};
