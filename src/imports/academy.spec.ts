import { localDay } from '../org/local-day.js';
import { planAcademy } from './academy-plan.js';
import { Random } from './random.js';

const tenantId = '0199a000-0000-8000-8000-000000000002';
const plan = (now: string) => {
  const zone = 'Europe/Amsterdam';
  return planAcademy(tenantId, zone, localDay(zone, new Date(now)), new Date(now));
};

describe('the academy', () => {
  it('is the same every time it is made up', () => {
    expect(plan('2026-03-02T20:00:00Z')).toEqual(plan('2026-03-02T20:00:00Z'));
  });

  it('only gains sessions and attempts while its day goes on', () => {
    const ids = (now: string) => plan(now).histories.flatMap(({ sessions }) => sessions.map(({ id }) => id));
    const [morning, evening] = [ids('2026-03-02T05:00:00Z'), ids('2026-03-02T22:00:00Z')];
    expect(evening.filter((id) => morning.includes(id))).toEqual(morning);
    expect(evening.length).toBeGreaterThan(morning.length);
    const attempts = (now: string) =>
      plan(now).work.submissions.flatMap((own) => own.flatMap((one) => one.attempts.map(({ id }) => id)));
    expect(attempts('2026-03-02T22:00:00Z')).toEqual(expect.arrayContaining(attempts('2026-03-02T05:00:00Z')));
  });

  it('has 150 students of all kinds, three instructors, three levels of departments', () => {
    const { people, departments, profiles, histories, unlocked, placements } = plan('2026-03-02T20:00:00Z');
    const students = people.filter(({ role }) => role === 'student');
    expect(students).toHaveLength(150);
    expect(new Set(people.map(({ email }) => email)).size).toBe(people.length);
    expect(people.every(({ email }) => /^[a-z.]+@academy\.example\.org$/.test(email!))).toBe(true);
    expect(profiles.map(({ canViewAll }) => canViewAll)).toEqual([true, false, false]);
    const parents = new Map(departments.map(({ id, parentId }) => [id, parentId]));
    const depth = (id: string | null): number => (id === null ? 0 : 1 + depth(parents.get(id)!));
    expect(Math.max(...departments.map(({ id }) => depth(id)))).toBe(3);
    // nobody is placed before they joined
    expect(placements.every(({ studentId, from }) => people.find(({ id }) => id === studentId)!.joinedOn <= from)).toBe(
      true,
    );
    const lastDays = histories.map(({ sessions }) => sessions.at(-1)?.completedAt?.slice(0, 10) ?? '');
    expect(150 - histories.length).toBeGreaterThan(0);
    expect(lastDays.filter((day) => day < '2026-02-20').length).toBeGreaterThan(5);
    expect(lastDays.filter((day) => day >= '2026-02-24').length).toBeGreaterThan(75);
    expect(unlocked.length).toBeGreaterThan(150);
  });

  it('practises within the day, with scores that fit the answers', () => {
    // summer time begins on 29 March 2026, inside these 90 days
    const sessions = plan('2026-05-02T20:00:00Z').histories.flatMap((history) => history.sessions);
    for (const { startedAt, completedAt, questions, correct, score } of sessions) {
      expect(Date.parse(startedAt!)).toBeLessThan(Date.parse(completedAt!));
      const hour = Number(
        new Date(startedAt!).toLocaleString('en-GB', { timeZone: 'Europe/Amsterdam', hour: '2-digit' }),
      );
      expect(hour).toBeGreaterThanOrEqual(5);
      if (questions !== undefined) expect(score).toBeCloseTo((correct! / questions) * 100, 2);
    }
  });
});

describe('Random', () => {
  const many = <T>(make: (random: Random) => T): T[] => {
    const random = new Random('many');
    return Array.from({ length: 20_000 }, () => make(random));
  };
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('has the means it promises', () => {
    expect(mean(many((random) => random.next()))).toBeCloseTo(0.5, 1);
    expect(mean(many((random) => random.normal(70, 10)))).toBeCloseTo(70, 0);
    expect(mean(many((random) => random.weighted([1, 0, 3])))).toBeCloseTo(1.5, 1);
    const amounts = many((random) => random.logNormal(5, 1)).sort((a, b) => a - b);
    expect(amounts[10_000]).toBeCloseTo(5, 0);
  });

  it('makes ids of the instant, all different', () => {
    const ids = many((random) => random.uuid(1_772_409_600_000));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^019cabd8-3800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
  });

  it('differs between seeds that are alike', () => {
    expect(new Random('seed 1').bits()).not.toBe(new Random('seed 2').bits());
  });
});
