import { readRows } from './csv-rows.js';

/** One run of a course: `AAA_2013J`. Days count from its first day, which is day 0. */
export interface Presentation {
  readonly pres: string;
  /** `YYYY-MM`; empty: not told. */
  readonly startMonth: string;
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

/** What an extract tells of what was done; {@link OuladFiles} reads it from a folder. */
export interface OuladExtract {
  presentations(): Promise<Presentation[]>;
  enrolments(): Promise<Enrolment[]>;
  assessments(): Promise<Assessment[]>;
  submissions(): AsyncIterable<HandedIn> | Iterable<HandedIn>;
  /** Days of one student follow each other. */
  activity(): AsyncIterable<StudentDayActivity> | Iterable<StudentDayActivity>;
}

/**
 * The extract's files, plain or gzipped. Files about outcomes and demographics are never opened.
 * @throws Error that names file, line and column of what is not as the extract's README says
 */
export class OuladFiles implements OuladExtract {
  constructor(private readonly folder: string) {}

  async presentations(): Promise<Presentation[]> {
    const rows: Presentation[] = [];
    for await (const { cell, number, text } of readRows(this.folder, 'presentations')) {
      rows.push({ pres: cell('pres'), startMonth: text('start_month'), lengthDays: number('length_days') });
    }
    return rows;
  }

  async enrolments(): Promise<Enrolment[]> {
    const rows: Enrolment[] = [];
    for await (const { cell, number, optional } of readRows(this.folder, 'enrolments')) {
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
    for await (const { cell, decimal, optional } of readRows(this.folder, 'assessments')) {
      const [id, pres, type] = [cell('id_assessment'), cell('pres'), cell('type')];
      rows.push({ id, pres, type, dueDay: optional('due_day'), weight: decimal('weight') });
    }
    return rows;
  }

  async *submissions(): AsyncGenerator<HandedIn> {
    for await (const { cell, number, optional } of readRows(this.folder, 'submissions')) {
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
    for await (const { cell, number, share } of readRows(this.folder, 'activity')) {
      const clicks = {
        content: number('content_clicks'),
        home: number('home_clicks'),
        forum: number('forum_clicks'),
        quiz: number('quiz_clicks'),
      };
      yield { pres: cell('pres'), studentId: cell('id_student'), day: number('day'), clicks, share: share() };
    }
  }
}
