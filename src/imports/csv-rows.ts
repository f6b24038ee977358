import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

type Row = Readonly<Record<string, string>>;

/**
 * The lines of a file of an extract, plain or gzipped.
 * @param name without its ending
 * @throws Error that names file, line and column of what is not as the extract's README says
 */
export async function* readRows(folder: string, name: string): AsyncGenerator<Cells> {
  const path = await findFile(folder, name);
  if (path === undefined) {
    throw new Error(`${folder} has no ${name}.csv and no ${name}.csv.gz: it is no OULAD extract`);
  }
  const { size } = await stat(path);
  const file = createReadStream(path);
  const parser = parse({ columns: true, bom: true });
  const ended = (error: unknown): void => void (error instanceof Error && parser.destroy(error));
  if (path.endsWith('.gz')) pipeline(file, createGunzip(), parser, ended);
  else pipeline(file, parser, ended);
  try {
    let line = 1;
    for await (const row of parser) {
      yield new Cells(row as Row, path, ++line, () => (size === 0 ? 1 : file.bytesRead / size));
    }
  } finally {
    file.destroy();
  }
}

/** @returns undefined where there is neither a plain nor a gzipped file of that name */
export async function findFile(folder: string, name: string): Promise<string | undefined> {
  for (const file of [`${name}.csv`, `${name}.csv.gz`]) {
    const path = join(folder, file);
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}

/** The cells of one line. */
export class Cells {
  constructor(
    private readonly row: Row,
    private readonly path: string,
    private readonly line: number,
    readonly share: () => number,
  ) {}

  readonly cell = (column: string): string => {
    const value = this.row[column];
    if (!value) throw this.error(column, value === undefined ? 'is missing' : 'is empty');
    return value;
  };

  /** Empty where it is empty, or missing. */
  readonly text = (column: string): string => this.row[column] ?? '';

  readonly number = (column: string): number => {
    const text = this.cell(column);
    if (!/^-?\d{1,9}$/.test(text)) throw this.error(column, `is "${text}" and not a whole number`);
    return Number(text);
  };

  readonly decimal = (column: string): number => {
    const text = this.cell(column);
    if (!/^\d{1,3}(\.\d{1,2})?$/.test(text)) throw this.error(column, `is "${text}" and not a number of per cent`);
    return Number(text);
  };

  readonly optional = (column: string): number | null => (this.row[column] === '' ? null : this.number(column));

  private error(column: string, what: string): Error {
    return new Error(`${this.path}, line ${this.line}: ${column} ${what}`);
  }
}
