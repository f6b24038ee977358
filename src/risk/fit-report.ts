import { type Calibration, calibrationOf, type Example } from './fit-model.js';
import { type DayQuality, groupBy, type GroupQuality, type Judged, judgeDays, judgeGroups } from './judgement.js';
import { scoreOthers, scoreUnseen } from './unseen.js';

/** What a fit was made from, and how good it is where it has not been fitted. */
export interface FitReport {
  /** Of each presentation on the first day: how many students, and how many of them were at risk. */
  readonly data: Readonly<Record<string, { readonly students: number; readonly atRisk: number }>>;
  /** The days that were fitted, and how many students and days that makes. */
  readonly days: readonly number[];
  readonly examples: number;
  /** Each presentation scored by a model that saw neither it nor any of its students. */
  readonly unseenPresentations: readonly DayQuality[];
  readonly calibration: Readonly<Record<string, Calibration>>;
  /** Those that began last, scored by a model of all that began earlier; null: all began in the same month. */
  readonly laterPresentations: { readonly fittedOn: readonly string[]; readonly days: readonly DayQuality[] } | null;
  readonly groups: readonly GroupQuality[];
}

export interface FitData {
  /** Of at least two presentations. */
  readonly examples: readonly Example[];
  /** The days on which scores are judged. */
  readonly judgedDays: readonly number[];
  /** `YYYY-MM` by presentation; empty: not known. */
  readonly startMonths: ReadonlyMap<string, string>;
  readonly groupsOf: (one: Pick<Judged, 'pres' | 'studentId'>) => Readonly<Record<string, string>> | undefined;
}

/** @returns also the scores that it judges, all of them by models that had not seen their presentation */
export function reportFit({ examples, judgedDays, startMonths, groupsOf }: FitData): {
  report: FitReport;
  unseen: Judged[];
} {
  const isJudged = ({ day }: { readonly day: number }): boolean => judgedDays.includes(day);
  const unseen = scoreUnseen(examples).filter(isJudged);
  const days = [...new Set(examples.map(({ day }) => day))].sort((a, b) => a - b);
  const presentations = groupBy(examples, ({ pres }) => pres);
  const lastMonth = [...presentations.keys()]
    .map((pres) => startMonths.get(pres) ?? '')
    .sort()
    .at(-1)!;
  const isEarlier = ({ pres }: { readonly pres: string }): boolean => (startMonths.get(pres) ?? '') < lastMonth;
  const report = {
    data: Object.fromEntries(
      [...presentations].map(([pres, own]) => {
        const first = own.filter(({ day }) => day === own[0]!.day);
        return [pres, { students: first.length, atRisk: first.filter(({ isAtRisk }) => isAtRisk).length }];
      }),
    ),
    days,
    examples: examples.length,
    unseenPresentations: judgeDays(unseen),
    calibration: Object.fromEntries(
      [...groupBy(unseen, ({ day }) => day)].map(([day, own]) => [day, calibrationOf(own)]),
    ),
    laterPresentations: examples.some(isEarlier)
      ? {
          fittedOn: [...presentations.keys()].filter((pres) => isEarlier({ pres })),
          days: judgeDays(scoreOthers(examples, isEarlier).filter(isJudged)),
        }
      : null,
    groups: judgeGroups(unseen, groupsOf),
  };
  return { report, unseen };
}
