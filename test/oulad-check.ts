import type { DepartmentFiguresResponse } from '../src/analytics/department-figures.dto.js';
import type { ModulesResponse } from '../src/analytics/modules.dto.js';
import type { PerformanceResponse } from '../src/analytics/performance.dto.js';
import { bucketings, bucketOf, Counts, dayAfter, type Sitting, sittingsOf } from './oulad-recount.js';

/** What the API answers to an administrator of the tenant that the extract was imported into. */
export type Ask = <T>(path: string) => Promise<T>;

export interface Checked {
  readonly sessions: number;
  /** Figures that were compared, by what they are of. */
  readonly compared: Readonly<Record<string, number>>;
  /** In words; empty: all are equal. */
  readonly differences: readonly string[];
}

interface Department {
  readonly id: string;
  readonly code: string;
}

/** Days to the first of these windows, to show that sums are of the period and not of everything. */
const windows = [null, 60] as const;

/**
 * Compares what analytics say of an imported extract of OULAD with its files: the series by day, week, month and quarter
 * and the totals, of everything and of each department, each module, and the tree of departments. Only sessions and students can be compared:
 * the extract knows no scores and no times, so that these must be nothing, and not 0.
 */
export async function checkOulad(
  folder: string,
  { asOfDay, today }: { readonly asOfDay: number; readonly today: string },
  ask: Ask,
  departments: readonly Department[],
): Promise<Checked> {
  const compared: Record<string, number> = {};
  const differences: string[] = [];
  const compare = (of: string, where: string, found: unknown, expected: unknown): void => {
    compared[of] = (compared[of] ?? 0) + 1;
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) differences.push(`${where}: ${one} and not ${other}`);
  };

  const first = dayAfter(today, -asOfDay - 60);
  const [points, modules, ever, totals] = [new Counts(), new Counts(), new Counts(), new Counts()];
  let sessions = 0;
  const since = (window: number | null): string => (window === null ? first : dayAfter(today, 1 - window));
  for await (const sitting of sittingsOf(folder, asOfDay, today)) {
    sessions += 1;
    add(ever, sitting, (where) => `${where} ${sitting.module}`);
    for (const window of windows.filter((one) => sitting.day >= since(one))) {
      add(modules, sitting, (where) => `${window} ${where} ${sitting.module}`);
      add(totals, sitting, (where) => `${window} ${where}`);
      for (const bucketing of bucketings) {
        add(points, sitting, (where) => `${window} ${where} ${bucketing} ${bucketOf(sitting.day, bucketing)}`);
      }
    }
  }

  for (const window of windows) {
    for (const { id, code } of [{ id: undefined, code: 'all' }, ...departments]) {
      const query = `from=${since(window)}&to=${today}${id === undefined ? '' : `&departmentId=${id}`}`;
      for (const groupBy of bucketings) {
        const answer = await ask<PerformanceResponse>(`/analytics/performance?${query}&groupBy=${groupBy}`);
        for (const { from, to: _, ...figures } of answer.points) {
          const expected = points.get(`${window} ${code} ${groupBy} ${bucketOf(from, groupBy)}`);
          compare(`points by ${groupBy}`, `${query} ${groupBy} ${from}`, figures, figuresOf(expected));
        }
        const { from: __, to: ___, ...total } = answer.totals;
        compare('totals', `${query} ${groupBy} total`, total, figuresOf(totals.get(`${window} ${code}`)));
      }
      const answer = await ask<ModulesResponse>(`/analytics/modules?${query}`);
      for (const module of answer.modules) {
        const { sessions: expected } = modules.get(`${window} ${code} ${module.code}`);
        const { students } = ever.get(`${code} ${module.code}`);
        const found = [module.sessions, module.sessionsCompleted, module.studentsStarted, module.studentsCompleted];
        compare('modules', `${query} ${module.code}`, found, [expected, expected, students, students]);
        const unknown = [module.averageScore, module.accuracy, module.meanDurationSeconds, module.sessionsAbandoned];
        compare('modules', `${query} ${module.code}`, unknown, [null, null, null, 0]);
      }
    }
  }
  const { departments: tree } = await ask<DepartmentFiguresResponse>(
    `/analytics/departments?from=${since(null)}&to=${today}`,
  );
  for (const { departmentId, own, total } of tree) {
    const code = departments.find(({ id }) => id === departmentId)?.code;
    // nobody is a member of the root itself
    const expected = totals.get(`null ${code ?? 'all'}`);
    const figures = [own.sessions, total.sessions, total.sessionsCompleted, total.activeStudents];
    const ofOwn = code === undefined ? 0 : expected.sessions;
    compare('departments', code ?? 'all', figures, [ofOwn, expected.sessions, expected.sessions, expected.students]);
  }
  return { sessions, compared, differences };
}

function add(counts: Counts, sitting: Sitting, keyOf: (where: string) => string): void {
  for (const where of ['all', sitting.department]) counts.add(keyOf(where), sitting);
}

/** Of a point: without scores, questions and times. */
function figuresOf({ sessions, students }: { sessions: number; students: number }): object {
  return {
    activeStudents: students,
    sessions,
    sessionsCompleted: sessions,
    sessionsScored: 0,
    timeSpentSeconds: 0,
    meanSessionSeconds: sessions > 0 ? 0 : null,
    averageScore: null,
    accuracy: null,
    questions: 0,
    correct: 0,
  };
}
