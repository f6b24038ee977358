import { startApp, type TestApp } from '../../test/app.js';
import { type Class, type Contact, createClass, insertContacts, insertNights, type Night, nightsOf } from '../../test/effects.js'; // prettier-ignore
import { createTenant, type Tenant } from '../../test/factories.js';
import { Random } from '../imports/random.js';
import { addDays } from '../org/local-day.js';
import type { InterventionEffect, InterventionEffectsResponse } from './intervention-effects.dto.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function allOf({ instructor }: Class): Promise<InterventionEffect> {
  const { body } = await app.as(instructor).get('/analytics/interventions').expect(200);
  return (body as InterventionEffectsResponse).effects[0]!;
}

interface Compared {
  readonly student: string;
  readonly stratum: string;
  readonly change: number;
}

/** The same from the pairs themselves, without SQL: effect, and the squares of what each student adds to it. */
function compared(
  contacts: readonly Compared[],
  others: readonly Compared[],
): { effect: number; squares: number; n: number } {
  const of = (stratum: string): readonly Compared[] => others.filter((one) => one.stratum === stratum);
  const mean = (list: readonly Compared[]): number => list.reduce((sum, { change }) => sum + change, 0) / list.length;
  const matched = contacts.filter(({ stratum }) => of(stratum).length >= 2);
  const effect = matched.reduce((sum, one) => sum + one.change - mean(of(one.stratum)), 0) / matched.length;
  const added = new Map<string, number>();
  const add = ({ student }: Compared, value: number): void =>
    void added.set(student, (added.get(student) ?? 0) + value / matched.length);
  for (const one of matched) {
    const alike = of(one.stratum);
    add(one, one.change - mean(alike) - effect);
    for (const other of alike) {
      add(other, (-(other.change - mean(alike)) / alike.length) * Math.sqrt(alike.length / (alike.length - 1)));
    }
  }
  return { effect, squares: [...added.values()].reduce((sum, value) => sum + value ** 2, 0), n: matched.length };
}

it('is what the same arithmetic comes to elsewhere, with students in several weeks on both sides', async () => {
  const tenant = await createTenant(app.database);
  const group = await createClass(app.database, tenant, 80);
  const random = new Random('effects');
  const mondays = ['2025-12-01', '2026-01-05', '2026-01-26'];
  const rows: (Night & { readonly week: string })[] = [];
  const contacts: Contact[] = [];
  for (const week of mondays) {
    for (const student of group.students) {
      const scores = nightsOf(student, addDays(week, 2), [random.int(60, 99), random.int(20, 99)]);
      rows.push(...scores.map((night) => ({ ...night, week })));
      // on Wednesday, so that it is the middle one
      if (random.chance(0.3)) contacts.push({ studentId: student.userId, action: 'call', day: addDays(week, 2) });
    }
  }
  await insertNights(app.database, tenant.tenantId, rows);
  await insertContacts(app.database, group.instructor, contacts);
  const within = (at: string, other: string): boolean => at >= addDays(other, -28) && at <= addDays(other, 28);
  const pairs = mondays.flatMap((week) =>
    group.students.map(({ userId: student }) => {
      const [before, after] = rows.filter((row) => row.studentId === student && row.week === week);
      const band = before!.score <= 70 ? 'moderate' : before!.score <= 85 ? 'high' : 'critical';
      const own = contacts.filter(({ studentId }) => studentId === student).map((one) => one.day);
      const wednesday = addDays(week, 2);
      const isContacted = own.includes(wednesday);
      const isOther = !own.some((one) => within(one, wednesday));
      return { student, stratum: `${week} ${band}`, change: after!.score - before!.score, isContacted, isOther };
    }),
  );
  const expected = compared(
    pairs.filter(({ isContacted }) => isContacted),
    pairs.filter(({ isOther }) => isOther),
  );
  const { n, students, others, scoreChange } = await allOf(group);
  expect([n, new Set(contacts.map(({ studentId }) => studentId)).size]).toEqual([expected.n, students]);
  expect(n).toBeGreaterThan(students!);
  expect(scoreChange!.difference).toBeCloseTo(expected.effect, 1);
  const smaller = Math.min(students!, others!);
  const half = Math.sqrt((expected.squares * smaller) / (smaller - 1));
  // t of 40 to 60 degrees
  expect((scoreChange!.high - scoreChange!.low) / 2 / half).toBeGreaterThan(2);
  expect((scoreChange!.high - scoreChange!.low) / 2 / half).toBeLessThan(2.03);
});

describe('where the truth is known', () => {
  const waves = ['2025-11-12', '2026-01-21'];
  const actions = ['message', 'email', 'call', 'meeting', 'extra_support', 'other'];

  /** About normal, mean 0, standard deviation 1. */
  const noise = (random: Random): number => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b) - 6;

  /**
   * Each student has a level of their own, and each evening's score lies somewhere around it: whoever scores high one
   * evening will most likely score lower on any other. Of those above 70 one in four is contacted, and lower by `points`
   * from then on.
   * @returns the mean change of who was contacted
   */
  async function simulate(tenant: Tenant, group: Class, points: number): Promise<number> {
    const random = new Random('known truth');
    const rows: Night[] = [];
    const contacts: Contact[] = [];
    const changes: number[] = [];
    for (const wave of waves) {
      group.students.forEach((student, index) => {
        const level = 60 + 12 * noise(new Random(`level ${index}`));
        const evening = (): number => level + 12 * noise(random);
        const bound = (score: number): number => Math.min(Math.max(Math.round(score * 100) / 100, 0), 100);
        const [before, after] = [bound(evening()), evening()];
        const isContacted = before > 70 && random.chance(0.25);
        const night = nightsOf(student, wave, [before, bound(isContacted ? after + points : after)]);
        rows.push(...night);
        if (!isContacted) return;
        changes.push(night[1]!.score - before);
        contacts.push({ studentId: student.userId, action: actions[random.int(0, 5)]!, day: wave });
      });
    }
    await insertNights(app.database, tenant.tenantId, rows);
    await insertContacts(app.database, group.instructor, contacts);
    return changes.reduce((sum, change) => sum + change, 0) / changes.length;
  }

  it.each([-8, 0])('holds an effect of %i points, which before and after alone do not', async (points) => {
    const tenant = await createTenant(app.database);
    const group = await createClass(app.database, tenant, 1_000);
    const naive = await simulate(tenant, group, points);
    const { n, scoreChange } = await allOf(group);
    expect(n).toBeGreaterThan(100);
    expect(scoreChange!.low).toBeLessThan(points);
    expect(scoreChange!.high).toBeGreaterThan(points);
    expect(scoreChange!.high - scoreChange!.low).toBeLessThan(8);
    // high scores have come down by themselves
    expect(naive).toBeCloseTo(scoreChange!.contacted, 1);
    expect(naive).toBeLessThan(scoreChange!.low);
  });
});
