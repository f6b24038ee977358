import { addDays } from '../org/local-day.js';
import type { SessionInput } from './history-loader.js';
import type { Random } from './random.js';
import { instantOf } from './wall-clock.js';

export interface PractisedModule {
  readonly id: string;
  readonly kind: 'quiz' | 'voice' | 'lesson' | 'story' | 'exercise';
  readonly difficulty: 'easy' | 'medium' | 'hard';
}

/** How somebody practises. Days count from the first day of the course, which is 0. */
export interface Habit {
  /** Chance of practising on an average day, 0–1. */
  readonly diligence: number;
  /** Mean score in modules of medium difficulty at the beginning, 0–100. */
  readonly ability: number;
  /** Points gained, or lost, in 30 days. */
  readonly gain: number;
  readonly firstDay: number;
  readonly lastDay: number;
  /** From this day on diligence halves every week. */
  readonly fadesFrom?: number;
}

export interface Course {
  readonly modules: readonly PractisedModule[];
  /** Local day of day 0. */
  readonly start: string;
  readonly timeZone: string;
  /** What has not ended by then has not happened yet. */
  readonly now: Date;
}

/** Monday first. */
const weekdays = [1.15, 1.2, 1.15, 1.05, 0.9, 0.65, 0.9];
/** Of the 24 hours: before work, around lunch and in the evening; nobody at night, so that no day is cut in two. */
const hours = [0, 0, 0, 0, 0, 0, 1, 3, 5, 6, 5, 4, 6, 6, 5, 4, 4, 5, 6, 8, 9, 6, 0, 0];
const secondsBetweenSessions = [60, 900] as const;
const mostSessionsADay = 5;

/** Median seconds, and how much people differ. */
const lengths: Readonly<Record<PractisedModule['kind'], readonly [number, number]>> = {
  quiz: [420, 0.4],
  voice: [300, 0.5],
  lesson: [900, 0.5],
  story: [660, 0.4],
  exercise: [540, 0.6],
};
const handicaps = { easy: 6, medium: 0, hard: -9 } as const;

/** Everything that one student does, in the order of time; the same for the same random numbers. */
export function practise(random: Random, studentId: string, habit: Habit, course: Course): SessionInput[] {
  const sessions: SessionInput[] = [];
  for (let day = habit.firstDay; day <= habit.lastDay; day++) {
    const date = addDays(course.start, day);
    const midnight = startOfDay(date, course.timeZone);
    const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
    const faded = habit.fadesFrom === undefined ? 1 : 0.5 ** (Math.max(0, day - habit.fadesFrom) / 7);
    if (!random.chance(Math.min(0.97, habit.diligence * weekdays[weekday]! * faded))) continue;
    let time = midnight + (random.weighted(hours) * 3_600 + random.int(0, 3_599)) * 1000;
    let count = 1;
    while (count < mostSessionsADay && random.chance(0.45)) count++;
    for (let i = 0; i < count; i++) {
      const session = sit(random, studentId, habit, course.modules, day, time);
      const end = Date.parse(session.completedAt!);
      if (end <= course.now.getTime()) sessions.push(session);
      time = end + random.int(...secondsBetweenSessions) * 1000;
    }
  }
  return sessions;
}

function sit(
  random: Random,
  studentId: string,
  { ability, gain, firstDay }: Habit,
  modules: readonly PractisedModule[],
  day: number,
  begin: number,
): SessionInput {
  const { id: moduleId, kind, difficulty } = random.pick(modules);
  const [median, sigma] = lengths[kind];
  const seconds = Math.round(Math.min(7_000, Math.max(45, random.logNormal(median, sigma))));
  const status = random.chance(0.04) ? 'abandoned' : 'completed';
  const end = begin + (status === 'abandoned' ? Math.min(seconds, random.int(20, 180)) : seconds) * 1000;
  const base = {
    id: random.uuid(end),
    studentId,
    moduleId,
    status,
    startedAt: new Date(begin).toISOString(),
    completedAt: new Date(end).toISOString(),
  };
  if (status === 'abandoned' || kind === 'lesson') return base;
  const expected = ability + (gain * (day - firstDay)) / 30 + handicaps[difficulty];
  const score = Math.min(100, Math.max(5, random.normal(expected, 9)));
  if (kind !== 'quiz' && kind !== 'exercise') return { ...base, score: Math.round(score * 10) / 10 };
  const questions = random.int(8, 20);
  const correct = Math.round((score / 100) * questions);
  return { ...base, questions, correct, score: Math.round((correct / questions) * 10_000) / 100 };
}

const starts = new Map<string, number>();

/** The instant, in milliseconds, at which a local day has its midnight; on a day of 25 hours that of the zone at noon. */
function startOfDay(day: string, timeZone: string): number {
  const key = `${timeZone} ${day}`;
  let start = starts.get(key);
  if (start === undefined) {
    start = instantOf(timeZone, day, '12:00:00') - 43_200_000;
    starts.set(key, start);
  }
  return start;
}
