import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Problem } from './problem.js';

/** What a file of one kind may hold. Longer ones are refused without being read to their end. */
export interface CsvFormat<Column extends string> {
  readonly columns: readonly Column[];
  readonly required: readonly Column[];
  /** What a row is about, of which one column at least must be there. */
  readonly keys: readonly Column[];
  readonly maxBytes: number;
  readonly maxRows: number;
}

/** The row's cells without white space around them; columns that the file does not have are not there. */
export type CsvRow<Column extends string> = Partial<Record<Column, string>>;

/** Of one row: a quotation mark that is never closed would else swallow the rest of the file. */
const longestRow = 20_000;
const lineEnd = /[\r\n]/;

/**
 * Reads a CSV file: UTF-8 with or without byte order mark, comma or semicolon, the first row naming the columns, in
 * capitals or not. Cells are data, whatever they begin with.
 * @param file the body of the request
 * @throws Problem 400 for what is no such file, 413 for one with too many bytes, 415 for one that was not sent as CSV,
 * 422 for one with too many rows
 */
export async function readCsvFile<Column extends string>(
  file: unknown,
  format: CsvFormat<Column>,
): Promise<CsvRow<Column>[]> {
  if (!(file instanceof Readable)) {
    throw new Problem(415, 'content_type_unsupported', { detail: 'Send the file as text/csv.' });
  }
  const bytes = await bytesOf(file, format.maxBytes);
  if (!isUtf8(bytes)) throw malformed('file_not_utf8', 'The file is not UTF-8.');
  const [head] = bytes.toString('utf8', 0, longestRow).split(lineEnd, 1);
  if (head!.trim() === '') throw malformed('header_missing', 'The file does not begin with the names of the columns.');
  const parser = parse({
    bom: true,
    delimiter: head!.includes(';') ? ';' : ',',
    columns: (header: string[]) => columnsOf(header, format),
    trim: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
  });
  const rows: CsvRow<Column>[] = [];
  try {
    for await (const row of Readable.from(slicesOf(bytes)).pipe(parser)) {
      if (rows.length === format.maxRows) {
        throw new Problem(422, 'file_too_long', { detail: `A file has ${format.maxRows} rows at most.` });
      }
      rows.push(row as CsvRow<Column>);
    }
  } catch (error) {
    throw error instanceof CsvError ? notCsv(error) : error;
  }
  return rows;
}

async function bytesOf(file: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // the request is also where the answer goes: it must outlive a file that is given up
    for await (const chunk of file.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw Problem.ofStatus(413)!;
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

function columnsOf<Column extends string>(
  header: readonly string[],
  { columns: known, required, keys }: CsvFormat<Column>,
): Column[] {
  const columns = header.map((name) => {
    const column = known.find((one) => one.toLowerCase() === name.trim().toLowerCase());
    if (column) return column;
    throw malformed('column_unknown', `The first row names a column that is not one of ${known.join(', ')}.`);
  });
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw malformed('column_repeated', `The first row names the column ${twice} twice.`);
  const missing = required.find((column) => !columns.includes(column));
  if (missing) throw malformed('column_missing', `The first row does not name the column ${missing}.`);
  if (keys.length > 0 && !keys.some((column) => columns.includes(column))) {
    throw malformed('column_missing', `The first row must name one of ${keys.join(', ')}.`);
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
