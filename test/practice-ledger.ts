import { v7 as uuidv7 } from 'uuid';
import { addDays, localDay, startOfDay } from '../src/org/local-day.js';
import type { TestApp } from './app.js';
import type { Member, Module, Tenant } from './factories.js';

/** A session as it was sent, and what plain arithmetic needs of it. */
export interface Practised {
  readonly student: Member;
  readonly at: string;
  readonly moduleId: string;
  readonly completed: boolean;
  readonly score: number | null;
  readonly questions: number;
  readonly correct: number;
  readonly seconds: number;
}

/** Who was responsible for a student from an instant on. */
export interface Moved {
  readonly student: Member;
  readonly at: string;
  readonly instructor: Member;
}

/** What students did and with whom they were: added up without SQL, and without anything of the product but days. */
export class Ledger {
  readonly sessions: Practised[] = [];
  readonly moves: Moved[] = [];

  constructor(
    private readonly app: TestApp,
    private readonly tenant: Tenant,
  ) {}

  dayOf(at: string): string {
    return localDay(this.tenant.timeZone, new Date(at));
  }

  /** The instructor of the end of a local day. Whoever has not moved is where they began. */
  instructorOf(student: Member, day: string): string {
    const ends = startOfDay(this.tenant.timeZone, addDays(day, 1)).getTime();
    const own = this.moves.filter((move) => move.student === student);
    const before = own.filter(({ at }) => Date.parse(at) < ends);
    return (before.at(-1) ?? own[0])!.instructor.userId;
  }

  /** To the instructor's department, too. */
  async move(student: Member, instructor: Member): Promise<void> {
    const at = this.app.clock.now().toISOString();
    const { departmentId, userId: instructorId } = instructor;
    const changed = this.app.as('admin', this.tenant).patch(`/users/${student.userId}`);
    await changed.send({ departmentId, instructorId }).expect(200);
    this.moves.push({ student, at, instructor });
  }

  async practise(sessions: readonly Practised[]): Promise<void> {
    if (sessions.length === 0) return;
    const bodies = sessions.map(({ student, at, seconds, completed, score, questions, correct, moduleId }) => ({
      id: uuidv7(),
      studentId: student.userId,
      moduleId,
      status: completed ? 'completed' : 'abandoned',
      score: score ?? undefined,
      questions,
      correct,
      startedAt: at,
      completedAt: new Date(Date.parse(at) + seconds * 1000).toISOString(),
    }));
    const sent = this.app.as('service', this.tenant).post('/activity/sessions').send({ sessions: bodies });
    expect((await sent.expect(200)).body).toMatchObject({ accepted: bodies.length });
    this.sessions.push(...sessions);
  }

  /** The sessions of some local days, of some instructors' students. */
  within(from: string, to: string, instructors: readonly Member[], moduleId?: Module['moduleId']): Practised[] {
    return this.sessions.filter((one) => {
      const day = this.dayOf(one.at);
      if (day < from || day > to || (moduleId !== undefined && one.moduleId !== moduleId)) return false;
      const instructor = this.instructorOf(one.student, day);
      return instructors.some(({ userId }) => userId === instructor);
    });
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
/** Rounded once, as answers are; null of nothing. */
const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 1e8) / 1e8;

/** What a point of a series must be, but for its ends; quotients to more places than answers have. */
export function figuresOf(sessions: readonly Practised[]): Record<string, number | null> {
  const completed = sessions.filter((one) => one.completed);
  const scores = completed.flatMap(({ score }) => (score === null ? [] : [score]));
  const seconds = sum(sessions.map((one) => one.seconds));
  const questions = sum(completed.map((one) => one.questions));
  const correct = sum(completed.map((one) => one.correct));
  return {
    activeStudents: new Set(completed.map(({ student }) => student.userId)).size,
    sessions: sessions.length,
    sessionsCompleted: completed.length,
    sessionsScored: scores.length,
    timeSpentSeconds: seconds,
    meanSessionSeconds: ratio(seconds, sessions.length),
    averageScore: ratio(sum(scores), scores.length),
    accuracy: ratio(correct * 100, questions),
    questions,
    correct,
  };
}

/** Equal, where quotients are rounded to two places. */
export function expectFigures(shown: Readonly<Record<string, unknown>>, expected: ReturnType<typeof figuresOf>): void {
  for (const [name, value] of Object.entries(expected)) {
    const near = typeof shown[name] === 'number' && value !== null && Math.abs(shown[name] - value) <= 0.005 + 1e-9;
    const equal = value === null || Number.isInteger(value) ? shown[name] === value : near;
    if (!equal) expect([name, shown[name]]).toEqual([name, value]);
  }
}
