import fc from '../../test/property.js';
import type { NewNotification } from './notification.js';
import { linesOf, mostUrgentPerDay, type Untold } from './tray-lines.js';

const mostPerDay = 20;
const day = { today: '2026-03-02', mostPerDay };
const notification = (fields: Partial<NewNotification> = {}): NewNotification => ({
  userId: 'ada',
  type: 'assignment_created',
  priority: 'normal',
  title: 'New assignment',
  body: 'It has no due date.',
  actionUrl: '/assignments/1',
  cause: 'assigned:1',
  expiresAt: new Date('2026-04-01T00:00:00Z'),
  ...fields,
});
const untold = (fields: Partial<NewNotification> = {}, standing: Partial<Untold> = {}): Untold => ({
  notification: notification(fields),
  open: new Map(),
  linesToday: 0,
  urgentToday: 0,
  ...standing,
});
const many = (count: number, fields: (n: number) => Partial<NewNotification> = () => ({})): Untold[] =>
  Array.from({ length: count }, (_, n) => untold({ cause: `assigned:${n}`, title: `Work ${n}`, ...fields(n) }));

it('gives each cause a line, or one to what has the same key, with the last text', () => {
  const [one, two] = linesOf(
    [
      untold(),
      untold({ cause: 'a', collapseKey: 'k', title: 'A' }),
      untold({ cause: 'b', collapseKey: 'k', count: 3 }),
    ],
    day,
  );
  expect(one).toMatchObject({ cause: 'assigned:1', collapseKey: 'assigned:1', count: 1 });
  expect(two).toMatchObject({ cause: 'b', collapseKey: 'k', title: 'New assignment', count: 4 });
});

it('puts what is more than a day may bring into one line that says how much it is', () => {
  const lines = linesOf(many(mostPerDay + 5), day);
  expect(lines).toHaveLength(mostPerDay + 1);
  expect(lines.at(-1)).toMatchObject({
    collapseKey: 'more:2026-03-02',
    title: 'More has happened today',
    body: 'The last of it: Work 24',
    priority: 'low',
    actionUrl: null,
    count: 5,
  });
  expect(linesOf([untold({}, { linesToday: mostPerDay })], day)[0]).toMatchObject({ collapseKey: 'more:2026-03-02' });
  expect(linesOf([untold({}, { linesToday: mostPerDay - 1 })], day)[0]).toMatchObject({ collapseKey: 'assigned:1' });
});

it('lets pass what is urgent, what a person wrote, and what goes into an open line', () => {
  const full = { linesToday: mostPerDay };
  const passing = [
    untold({ priority: 'urgent', cause: 'a' }, full),
    untold({ type: 'message_received', cause: 'b' }, full),
    untold({ collapseKey: 'k', cause: 'c' }, { ...full, open: new Map([['k', 1]]) }),
  ];
  expect(linesOf(passing, day).map(({ collapseKey }) => collapseKey)).toEqual(['a', 'b', 'k']);
});

it('gives a few urgent things lines of their own, and the rest one that says how many they are', () => {
  const urgent = (n: number): Partial<NewNotification> => ({
    priority: 'urgent',
    crowdKey: 'crowd',
    ofSeveral: (count) => ({ title: `${count} of them`, body: `the last: ${n}`, actionUrl: '/all' }),
  });
  const lines = linesOf(many(mostUrgentPerDay + 3, urgent), day);
  expect(lines).toHaveLength(mostUrgentPerDay + 1);
  const crowd = {
    collapseKey: 'crowd',
    priority: 'high',
    title: '3 of them',
    body: 'the last: 7',
    count: 3,
    actionUrl: '/all',
  };
  expect(lines.at(-1)).toMatchObject(crowd);
  expect(lines[0]).toMatchObject({ title: 'Work 0', priority: 'urgent' });
  const standing = { urgentToday: mostUrgentPerDay, open: new Map([['crowd', 9]]) };
  expect(linesOf([untold(urgent(1), standing)], day)[0]).toMatchObject({ title: '10 of them', count: 1 });
  expect(linesOf([untold(urgent(1), { urgentToday: mostUrgentPerDay })], day)[0]).toMatchObject({ title: 'New assignment' }); // prettier-ignore
  const full = { urgentToday: mostUrgentPerDay, linesToday: mostPerDay };
  expect(linesOf([untold(urgent(1), full)], day)[0]).toMatchObject({ collapseKey: 'more:2026-03-02' });
});

it('cuts long texts between characters', () => {
  const [line] = linesOf([untold({ title: `${'x'.repeat(198)}😀${'y'.repeat(10)}`, body: 'z'.repeat(501) })], day);
  expect(line!.title).toBe(`${'x'.repeat(198)}…`);
  expect(line!.body).toBe(`${'z'.repeat(499)}…`);
});

it('never gives anybody more lines than that, loses nothing, and writes no line twice', () => {
  const one = fc.record({
    userId: fc.constantFrom('ada', 'bea'),
    cause: fc.uuid(),
    collapseKey: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
    count: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 80 }), fc.integer({ min: 0, max: mostPerDay }), (given, linesToday) => {
      const lines = linesOf(
        given.map((fields) => untold(fields, { linesToday })),
        day,
      );
      const places = lines.map(({ userId, collapseKey }) => `${userId} ${collapseKey}`);
      expect(new Set(places).size).toBe(places.length);
      for (const userId of ['ada', 'bea']) {
        expect(lines.filter((line) => line.userId === userId).length).toBeLessThanOrEqual(mostPerDay + 1 - linesToday);
      }
      const total = (counted: readonly { count?: number }[]): number =>
        counted.reduce((sum, { count = 1 }) => sum + count, 0);
      expect(total(lines)).toBe(total(given));
    }),
  );
});
