import { createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

/** One run of a course: `AAA_2013J`. Days count from its first day, which is day 0. */
export interface Presentation {
  readonly pres: string;
  readonly lengthDays: number;
}

export interface Enrolment {
  readonly pres: string;
  readonly studentId: string;
  /** Null: unknown. */
  readonly registeredDay: number | null;
  /** Null: never. */
  readonly unregisteredDay: number | null;
}

export interface Assessment {
  readonly id: string;
  readonly pres: string;
  /** TMA: marked by a tutor; CMA: by a computer; Exam. */
  readonly type: string;
  /** Null: not published. */
  readonly dueDay: number | null;
  /** Per cent of the coursework. */
  readonly weight: number;
}

export interface HandedIn {
  readonly assessmentId: string;
  readonly studentId: string;
  readonly day: number;
  /** Carried over from an earlier presentation. */
  readonly isBanked: boolean;
  /** 0–100; null: none. */
  readonly score: number | null;
}

/** What material of a presentation is made of, as the extract counts it. */
export const materials = ['content', 'home', 'forum', 'quiz'] as const;
export type Material = (typeof materials)[number];

export interface StudentDayActivity {
  readonly pres: string;
  readonly studentId: string;
  readonly day: number;
  readonly clicks: Readonly<Record<Material, number>>;
  /** How much of the file has been read, 0–1. */
  readonly share: number;
}

type Row = Readonly<Record<string, string>>;

/**
 * The extract's files, plain or gzipped. Files about outcomes and demographics are never opened.
 * @throws Error that names file, line and column of what is not as the extract's README says
 */
export class OuladFiles {
  constructor(private readonly folder: string) {}

  async presentations(): Promise<Presentation[]> {
    const rows: Presentation[] = [];
    for await (const { cell, number } of this.read('presentations')) {
      rows.push({ pres: cell('pres'), lengthDays: number('length_days') });
    }
    return rows;
  }

  async enrolments(): Promise<Enrolment[]> {
    const rows: Enrolment[] = [];
    for await (const { cell, number, optional } of this.read('enrolments')) {
      number('id_student');
      rows.push({
        pres: cell('pres'),
        studentId: cell('id_student'),
        registeredDay: optional('registered_day'),
        unregisteredDay: optional('unregistered_day'),
      });
    }
    return rows;
  }

  async assessments(): Promise<Assessment[]> {
    const rows: Assessment[] = [];
    for await (const { cell, decimal, optional } of this.read('assessments')) {
      const [id, pres, type] = [cell('id_assessment'), cell('pres'), cell('type')];
      rows.push({ id, pres, type, dueDay: optional('due_day'), weight: decimal('weight') });
    }
    return rows;
  }

  async *submissions(): AsyncGenerator<HandedIn> {
    for await (const { cell, number, optional } of this.read('submissions')) {
      yield {
        assessmentId: cell('id_assessment'),
        studentId: cell('id_student'),
        day: number('submitted_day'),
        isBanked: number('is_banked') === 1,
        score: optional('score'),
      };
    }
  }

  async *activity(): AsyncGenerator<StudentDayActivity> {
    for await (const { cell, number, share } of this.read('activity')) {
      const clicks = {
        content: number('content_clicks'),
        home: number('home_clicks'),
        forum: number('forum_clicks'),
        quiz: number('quiz_clicks'),
      };
      yield { pres: cell('pres'), studentId: cell('id_student'), day: number('day'), clicks, share: share() };
    }
  }

  private async *read(name: string): AsyncGenerator<Cells> {
    const path = await this.find(name);
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

  private async find(name: string): Promise<string> {
    for (const file of [`${name}.csv`, `${name}.csv.gz`]) {
      const path = join(this.folder, file);
      const exists = await access(path).then(
        () => true,
        () => false,
      );
      if (exists) return path;
    }
    throw new Error(`${this.folder} has no ${name}.csv and no ${name}.csv.gz: it is no OULAD extract`);
  }
}

/** The cells of one line. */
class Cells {
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
