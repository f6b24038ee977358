import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { byteOrderMark, csvLine, type TableCell, xlsxFile } from '../http/table-file.js';
import { Database } from '../database/database.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { fileFormats } from './file-formats.js';
import { collectedRows, Garbage } from './garbage.js';
import type { BegunFile } from './report-files.repository.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope } from './report-kind.js';
import { mostPdfRows, writePdf } from './pdf-file.js';
import { ReportQuestions } from './report-questions.js';
import { ReportStore } from './report-store.js';

/** Rows that are held at once: of more, what a statement answers outlives its page and is collected late. */
const pageRows = 500;
/** Of a part, about; of text formats it ends where a page does. */
const partBytes = 1_048_576;
/** Of statements that no request waits for. */
const statementSeconds = 60;

interface Source {
  readonly kind: ReportKind;
  readonly scope: ReportScope;
  readonly columns: readonly ReportColumn[];
  /** Of rows; null: unknown. */
  readonly total: number | null;
  readonly page: (position: string | null) => Promise<ReportPage>;
}

/** Writes files part by part, holding no more of them than one part. */
@Injectable()
export class ReportWriter {
  constructor(
    private readonly questions: ReportQuestions,
    private readonly store: ReportStore,
    private readonly database: Database,
  ) {}

  /** @returns how many rows it has. @throws FileLost, and whatever the kind throws */
  async write(file: BegunFile, signal: AbortSignal): Promise<number> {
    const { kind, scope } = await this.questions.open(file);
    const [columns, total] = await Promise.all([kind.columns(scope), countOf(kind, scope)]);
    const page = (position: string | null) => this.unhurried(() => kind.page(scope, position, pageRows));
    const source = { kind, scope, columns, total, page };
    return fileFormats[file.format].isText
      ? this.writeLines(file, source, signal)
      : this.writeStream(file, source, signal);
  }

  /** Goes on where the stored parts end: rows that follow rows do not depend on what stands before them. */
  private async writeLines(
    file: BegunFile,
    { columns, total, page: pageAfter }: Source,
    signal: AbortSignal,
  ): Promise<number> {
    let { position, rows } = file;
    const garbage = new Garbage();
    const lineOf = file.format === 'csv' ? csvLine : jsonLineOf(columns);
    let chunks = position === null ? [Buffer.from(beginningOf(file, columns))] : [];
    let bytes = 0;
    do {
      signal.throwIfAborted();
      const page = await pageAfter(position);
      const chunk = Buffer.from(page.rows.map(lineOf).join(''));
      chunks.push(chunk);
      bytes += chunk.length;
      position = page.position;
      rows += page.rows.length;
      garbage.add(page.rows.length);
      const isLast = position === null;
      if (!isLast && bytes < partBytes) continue;
      await this.store.add(file, { content: Buffer.concat(chunks), rows, position, total, isLast });
      [chunks, bytes] = [[], 0];
    } while (position !== null);
    return rows;
  }

  /**
   * From the beginning: a zip is one stream of compression with a directory of all that stands before it, a PDF ends
   * with the place of each of its objects, and neither can be taken up by another process.
   */
  private async writeStream(file: BegunFile, source: Source, signal: AbortSignal): Promise<number> {
    await this.store.clear(file, signal);
    // those of a PDF are not all printed
    const most = file.format === 'pdf' ? mostPdfRows : Infinity;
    const [read, total] = [{ rows: 0 }, source.total === null ? null : Math.min(source.total, most)];
    const add = (content: Buffer, isLast: boolean): Promise<void> => {
      const rows = Math.min(read.rows, most);
      return this.store.add(file, { content, rows, position: null, total, isLast });
    };
    let chunks: Uint8Array[] = [];
    let bytes = 0;
    const garbage = new Garbage(collectedRows[file.format === 'pdf' ? 'drawn' : 'written']);
    const stream = await this.streamOf(file, source, rowsOf(source, { read, garbage }, signal));
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < partBytes) continue;
      await add(Buffer.concat(chunks), false);
      [chunks, bytes] = [[], 0];
    }
    await add(Buffer.concat(chunks), true);
    return Math.min(read.rows, most);
  }

  private async streamOf(
    file: BegunFile,
    { kind, scope, columns }: Source,
    rows: AsyncIterable<readonly TableCell[]>,
  ): Promise<Readable> {
    if (file.format === 'pdf') {
      const heading = await this.questions.heading(file);
      const summary = await this.unhurried(() => kind.summary(scope));
      return writePdf(heading, summary, columns, rows);
    }
    const titles = columns.map(({ title }) => title);
    return xlsxFile({ title: kind.title, columns: titles, header: file.options.header, rows });
  }

  private unhurried<T>(read: () => Promise<T>): Promise<T> {
    return this.database.transaction(read, { statementSeconds });
  }
}

/** Within the time of a request: a file is not kept waiting for what only its progress is told by. */
async function countOf(kind: ReportKind, scope: ReportScope): Promise<number | null> {
  try {
    return await kind.count(scope);
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return null;
    throw error;
  }
}

async function* rowsOf(
  { page: pageAfter }: Source,
  { read, garbage }: { readonly read: { rows: number }; readonly garbage: Garbage },
  signal: AbortSignal,
): AsyncGenerator<readonly TableCell[]> {
  let position: string | null = null;
  do {
    signal.throwIfAborted();
    const page = await pageAfter(position);
    for (const row of page.rows) {
      read.rows++;
      yield row;
      garbage.add(1);
    }
    position = page.position;
  } while (position !== null);
}

function beginningOf({ format, options }: BegunFile, columns: readonly ReportColumn[]): string {
  if (format !== 'csv') return '';
  const mark = options.byteOrderMark ? byteOrderMark : '';
  return options.header ? mark + csvLine(columns.map(({ title }) => title)) : mark;
}

function jsonLineOf(columns: readonly ReportColumn[]): (row: readonly TableCell[]) => string {
  return (row) =>
    `${JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])))}\n`;
}
