import { type Flagging, flaggingOf, type Outcome, type Quality, qualityOf } from './metrics.js';
import { naiveRules } from './naive-rules.js';
import type { RiskInputs } from './risk-model.js';

/** A score that was given on a day of a presentation, and what came of it. */
export interface Judged extends Outcome {
  readonly pres: string;
  readonly studentId: string;
  readonly day: number;
  readonly inputs: RiskInputs;
  readonly logOdds: number;
}

export interface DayQuality {
  readonly day: number;
  /** Over all presentations. */
  readonly score: Quality;
  readonly presentations: Readonly<Record<string, Quality>>;
  readonly rules: Readonly<Record<string, Quality>>;
}

export function judgeDays(judged: readonly Judged[]): DayQuality[] {
  return [...groupBy(judged, ({ day }) => day)].map(([day, own]) => ({
    day,
    score: qualityOf(own),
    presentations: Object.fromEntries([...groupBy(own, ({ pres }) => pres)].map(([pres, of]) => [pres, qualityOf(of)])),
    rules: Object.fromEntries(
      Object.entries(naiveRules).map(([name, rule]) => [
        name,
        qualityOf(own.map(({ inputs, isAtRisk }) => ({ score: rule(inputs), isAtRisk }))),
      ]),
    ),
  }));
}

/** How a score treats a group of students on a day. */
export interface GroupQuality extends Flagging {
  readonly day: number;
  /** As in `gender`. */
  readonly attribute: string;
  readonly group: string;
  readonly students: number;
  readonly baseRate: number;
  readonly auc: number | null;
}

/** Above this a student is flagged where no other threshold is set. */
const threshold = 70;

/** @param groupsOf by attribute; undefined: not known */
export function judgeGroups(
  judged: readonly Judged[],
  groupsOf: (one: Judged) => Readonly<Record<string, string>> | undefined,
): GroupQuality[] {
  const members = judged.flatMap((one) =>
    Object.entries(groupsOf(one) ?? {}).map(([attribute, group]) => ({ one, attribute, group })),
  );
  const groups = groupBy(members, ({ one, attribute, group }) => JSON.stringify([attribute, group, one.day]));
  const qualities = [...groups.values()].map((own): GroupQuality => {
    const [{ one, attribute, group }] = own as [(typeof own)[number]];
    const outcomes = own.map((member) => member.one);
    const { students, baseRate, auc } = qualityOf(outcomes);
    return { day: one.day, attribute, group, students, baseRate, auc, ...flaggingOf(outcomes, threshold) };
  });
  const order = ({ attribute, group }: GroupQuality): string => `${attribute}/${group}`;
  return qualities.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : a.day - b.day));
}

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
