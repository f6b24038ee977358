import fc from '../../test/property.js';
import type { NewNotification } from './notification.js';
import { linesOf, mostPerDay, type Untold } from './tray-lines.js';

const today = '2026-03-02';
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
  isStudent: true,
  isOpen: false,
  linesToday: 0,
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
    today,
  );
  expect(one).toMatchObject({ cause: 'assigned:1', collapseKey: 'assigned:1', count: 1 });
  expect(two).toMatchObject({ cause: 'b', collapseKey: 'k', title: 'New assignment', count: 4 });
});

it('puts what is more than a day may bring into one line that says how much it is', () => {
  const lines = linesOf(many(mostPerDay + 5), today);
  expect(lines).toHaveLength(mostPerDay + 1);
  expect(lines.at(-1)).toMatchObject({
    collapseKey: 'more:2026-03-02',
    title: 'More has happened today',
    body: 'The last of it: Work 24',
    priority: 'low',
    actionUrl: null,
    count: 5,
  });
  expect(linesOf([untold({}, { linesToday: mostPerDay })], today)[0]).toMatchObject({ collapseKey: 'more:2026-03-02' });
  expect(linesOf([untold({}, { linesToday: mostPerDay - 1 })], today)[0]).toMatchObject({ collapseKey: 'assigned:1' });
});

it('lets pass what is urgent, what a person wrote, what goes into an open line, and what is for staff', () => {
  const full = { linesToday: mostPerDay };
  const passing = [
    untold({ priority: 'urgent', cause: 'a' }, full),
    untold({ type: 'message_received', cause: 'b' }, full),
    untold({ collapseKey: 'k', cause: 'c' }, { ...full, isOpen: true }),
    untold({ userId: 'staff', cause: 'd' }, { ...full, isStudent: false }),
  ];
  expect(linesOf(passing, today).map(({ collapseKey }) => collapseKey)).toEqual(['a', 'b', 'k', 'd']);
});

it('cuts long texts between characters', () => {
  const [line] = linesOf([untold({ title: `${'x'.repeat(198)}😀${'y'.repeat(10)}`, body: 'z'.repeat(501) })], today);
  expect(line!.title).toBe(`${'x'.repeat(198)}…`);
  expect(line!.body).toBe(`${'z'.repeat(499)}…`);
});

it('never gives a student more lines than that, loses nothing, and writes no line twice', () => {
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
        today,
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
