/**
 * Everything that is derived from a student's sessions, worked out once more from the definitions alone: plain
 * arithmetic over the final sessions, in no respect like the statements it is compared with. Numbers are not rounded.
 */

/** A session as it was sent. */
export interface SentSession {
  readonly id: string;
  readonly studentId: string;
  readonly moduleId: string;
  readonly kind?: string;
  readonly status: 'completed' | 'in_progress' | 'abandoned';
  readonly score?: number;
  readonly questions?: number;
  readonly correct?: number;
  readonly durationSeconds?: number;
  readonly interactions?: number;
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly day?: string;
  readonly updatedAt: string;
}

export interface Universe {
  readonly timeZone: string;
  readonly capSeconds: number;
  readonly modules: readonly { readonly moduleId: string; readonly categoryId: string; readonly kind: string }[];
  readonly students: readonly { readonly userId: string; readonly instructorId: string | null }[];
}

export interface DayFigures {
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly day: string;
  readonly sessions: number;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
  readonly questions: number;
  readonly correct: number;
  readonly interactions: number;
  readonly scores: readonly number[];
  readonly quizScores: readonly number[];
  readonly voiceScores: readonly number[];
  readonly lastSessionAt: string | null;
  readonly overallScore: number | null;
  readonly peakHour: number | null;
  readonly meanSessionSeconds: number | null;
}

export interface StudentFigures {
  readonly studentId: string;
  readonly sessionsCompleted: number;
  readonly overallScore: number | null;
  readonly quizAccuracy: number | null;
  readonly voiceAccuracy: number | null;
  readonly improvementRate: number | null;
  readonly consistencyScore: number;
  readonly currentStreak: number;
  readonly longestStreak: number;
  readonly totalTimeSpentSeconds: number;
  readonly lastActiveOn: string | null;
  readonly lastActiveAt: string | null;
  readonly activeDays: readonly string[];
  readonly categories: readonly CategoryFigures[];
  readonly days: readonly DayFigures[];
}

export interface CategoryFigures {
  readonly categoryId: string;
  readonly sessionsCompleted: number;
  readonly questions: number;
  readonly correct: number;
  readonly scores: readonly number[];
}

interface Placed {
  readonly session: SentSession;
  readonly kind: string;
  readonly categoryId: string;
  readonly day: string;
  /** Milliseconds since 1970; null where it counts no time, or no time of day is known. */
  readonly interval: readonly [number, number] | null;
  readonly seconds: number | null;
}

/** The newest version of every session. */
export function finalSessions(sent: readonly SentSession[]): SentSession[] {
  const newest = new Map<string, SentSession>();
  for (const session of sent) {
    const held = newest.get(session.id);
    if (!held || Date.parse(session.updatedAt) > Date.parse(held.updatedAt)) newest.set(session.id, session);
  }
  return [...newest.values()];
}

export function recompute(universe: Universe, sessions: readonly SentSession[], today: string): StudentFigures[] {
  return universe.students.map((student) => {
    const own = sessions.filter(({ studentId }) => studentId === student.userId).map((one) => place(universe, one));
    return figuresOf(universe, student, own, today);
  });
}

function place({ timeZone, capSeconds, modules }: Universe, session: SentSession): Placed {
  const { categoryId, kind } = modules.find(({ moduleId }) => moduleId === session.moduleId)!;
  const started = session.startedAt === undefined ? null : Date.parse(session.startedAt);
  const completed = session.completedAt === undefined ? null : Date.parse(session.completedAt);
  const span = started !== null && completed !== null ? (completed - started) / 1000 : null;
  const seconds = session.durationSeconds ?? span;
  const end = completed ?? (started === null ? null : started + (seconds ?? 0) * 1000);
  const counted = Math.min(seconds ?? 0, span ?? Infinity, capSeconds);
  const interval = end !== null && counted > 0 ? ([end - counted * 1000, end] as const) : null;
  const day = session.day ?? localDate(timeZone, completed ?? (interval ? interval[1] : started!));
  return { session, kind: session.kind ?? kind, categoryId, day, interval, seconds };
}

function figuresOf(
  universe: Universe,
  { userId: studentId, instructorId }: Universe['students'][number],
  own: readonly Placed[],
  today: string,
): StudentFigures {
  const { timeZone } = universe;
  const completed = own.filter(({ session }) => session.status === 'completed');
  const activeDays = distinct(completed.map(({ day }) => day));
  const runs = runsOf(activeDays);
  const lastActiveOn = activeDays.at(-1) ?? null;
  const inDays = (from: number, to: number): Placed[] =>
    completed.filter(({ day }) => day > shift(today, -from) && day <= shift(today, -to));
  const scoresOf = (list: readonly Placed[], kind?: string): number[] =>
    list.filter((one) => kind === undefined || one.kind === kind).flatMap(({ session }) => session.score ?? []);
  const [recent, former] = [scoresOf(inDays(14, 0)), scoresOf(inDays(28, 14))];

  const touched = own.flatMap(({ day, interval }) =>
    interval ? [day, ...daysOf(timeZone, interval).map(([one]) => one)] : [day],
  );
  const days = distinct(touched).map((day): DayFigures => {
    const those = own.filter((one) => one.day === day);
    const done = those.filter(({ session }) => session.status === 'completed');
    const hours = those.flatMap(({ session }) => {
      const at = session.completedAt ?? session.startedAt;
      return at === undefined ? [] : [localHour(timeZone, Date.parse(at))];
    });
    const lengths = those.flatMap(({ seconds }) => seconds ?? []);
    const ends = done.flatMap(({ session }) => session.completedAt ?? []).sort((a, b) => Date.parse(a) - Date.parse(b));
    const untimed = those.filter(({ session }) => session.day !== undefined);
    return {
      studentId,
      instructorId,
      day,
      sessions: those.length,
      sessionsCompleted: done.length,
      timeSpentSeconds:
        unionSeconds(own.flatMap(({ interval }) => (interval ? overlapWith(timeZone, interval, day) : []))) +
        sum(untimed.map(({ seconds }) => Math.min(seconds ?? 0, universe.capSeconds))),
      questions: sum(done.map(({ session }) => session.questions ?? 0)),
      correct: sum(done.map(({ session }) => session.correct ?? 0)),
      interactions: sum(those.map(({ session }) => session.interactions ?? 0)),
      scores: scoresOf(done),
      quizScores: scoresOf(done, 'quiz'),
      voiceScores: scoresOf(done, 'voice'),
      lastSessionAt: ends.at(-1) ?? null,
      overallScore: overallOf(completed.filter((one) => one.day <= day)),
      peakHour: mostFrequent(hours),
      meanSessionSeconds: mean(lengths),
    };
  });
  const shown = days.filter((day) => day.sessions > 0 || day.timeSpentSeconds > 0);
  return {
    studentId,
    sessionsCompleted: completed.length,
    overallScore: overallOf(completed),
    quizAccuracy: mean(scoresOf(inDays(30, 0), 'quiz')),
    voiceAccuracy: mean(scoresOf(inDays(30, 0), 'voice')),
    improvementRate: recent.length >= 3 && former.length >= 3 ? mean(recent)! - mean(former)! : null,
    consistencyScore: (distinct(inDays(28, 0).map(({ day }) => day)).length * 100) / 28,
    currentStreak: runs.find((run) => run.at(-1)! >= shift(today, -1))?.length ?? 0,
    longestStreak: Math.max(0, ...runs.map((run) => run.length)),
    totalTimeSpentSeconds: sum(shown.map((day) => day.timeSpentSeconds)),
    lastActiveOn,
    lastActiveAt: shown.find(({ day }) => day === lastActiveOn)?.lastSessionAt ?? null,
    activeDays,
    categories: categoriesOf(completed),
    days: shown,
  };
}

function categoriesOf(completed: readonly Placed[]): CategoryFigures[] {
  return distinct(completed.map(({ categoryId }) => categoryId)).map((categoryId) => {
    const those = completed.filter((one) => one.categoryId === categoryId).map(({ session }) => session);
    return {
      categoryId,
      sessionsCompleted: those.length,
      questions: sum(those.map(({ questions }) => questions ?? 0)),
      correct: sum(those.map(({ correct }) => correct ?? 0)),
      scores: those.flatMap(({ score }) => score ?? []),
    };
  });
}

function overallOf(completed: readonly Placed[]): number | null {
  const accuracies = categoriesOf(completed).map(({ questions, correct, scores }) =>
    questions > 0 ? (correct * 100) / questions : mean(scores),
  );
  return mean(accuracies.filter((accuracy) => accuracy !== null));
}

/** Maximal runs of consecutive days. */
function runsOf(days: readonly string[]): string[][] {
  const runs: string[][] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run && shift(run.at(-1)!, 1) === day) run.push(day);
    else runs.push([day]);
  }
  return runs;
}

/** The local days that an interval touches, with what it has of each. */
function daysOf(timeZone: string, [from, to]: readonly [number, number]): [string, number, number][] {
  const parts: [string, number, number][] = [];
  for (let at = from; at < to;) {
    const day = localDate(timeZone, at);
    const end = Math.min(to, beginOf(timeZone, shift(day, 1)));
    parts.push([day, at, end]);
    at = end;
  }
  return parts;
}

function overlapWith(timeZone: string, interval: readonly [number, number], day: string): [number, number][] {
  return daysOf(timeZone, interval)
    .filter(([one]) => one === day)
    .map(([, from, to]) => [from, to]);
}

function unionSeconds(intervals: readonly (readonly [number, number])[]): number {
  let [total, reached] = [0, -Infinity];
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
    if (to > reached) total += to - Math.max(from, reached);
    reached = Math.max(reached, to);
  }
  return total / 1000;
}

/** The first instant of a local day, wherever the clocks are put forward. */
function beginOf(timeZone: string, day: string): number {
  let [before, after] = [Date.parse(`${day}T00:00:00Z`) - 86_400_000, Date.parse(`${day}T00:00:00Z`) + 86_400_000];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (localDate(timeZone, middle) < day) before = middle;
    else after = middle;
  }
  return after;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-29 01:30:00` on a clock on the wall. */
function wall(timeZone: string, at: number): string {
  if (!clocks.has(timeZone)) {
    clocks.set(timeZone, new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }));
  }
  return clocks.get(timeZone)!.format(at);
}

export function localDate(timeZone: string, at: number): string {
  return wall(timeZone, at).slice(0, 10);
}

function localHour(timeZone: string, at: number): number {
  return Number(wall(timeZone, at).slice(11, 13));
}

export function shift(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Of equally frequent ones the least. */
function mostFrequent(values: readonly number[]): number | null {
  const count = (value: number): number => values.filter((one) => one === value).length;
  const [first] = [...values].sort((a, b) => count(b) - count(a) || a - b);
  return first ?? null;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
