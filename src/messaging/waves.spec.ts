import fc from '../../test/property.js';
import { dueUpTo, instantOf, wavesOf } from './waves.js';

it('is the first instant at which a clock shows a time, or has passed it', () => {
  // repeated: in Berlin the first half past two of the last Sunday in October
  expect(instantOf('Europe/Berlin', '2026-10-25T02:30')).toEqual(new Date('2026-10-25T00:30:00Z'));
  // skipped
  expect(instantOf('Europe/Berlin', '2026-03-29T02:30')).toEqual(new Date('2026-03-29T01:00:00Z'));
  expect(instantOf('Asia/Kathmandu', '2026-03-02T00:00')).toEqual(new Date('2026-03-01T18:15:00Z'));
});

it('brings everybody once, each not before and not after those who are due with them', () => {
  const zones = ['Europe/London', 'Europe/Lisbon', 'Asia/Tokyo', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Apia'];
  const people = fc.uniqueArray(fc.record({ id: fc.uuid(), zone: fc.constantFrom(...zones) }), {
    selector: ({ id }) => id,
    minLength: 1,
  });
  fc.assert(
    fc.property(people, fc.integer({ min: 0, max: 23 }), (given, hour) => {
      const local = `2026-07-01T${String(hour).padStart(2, '0')}:30`;
      const grouped = zones.map((timeZone) => ({
        timeZone,
        userIds: given.filter(({ zone }) => zone === timeZone).map(({ id }) => id),
      }));
      const { userIds, waves } = wavesOf(grouped.filter((group) => group.userIds.length > 0), local); // prettier-ignore
      const dueOf = (id: string): Date => instantOf(given.find((one) => one.id === id)!.zone, local);
      expect([...userIds].sort()).toEqual(given.map(({ id }) => id).sort());
      for (const { at } of waves) {
        const due = dueUpTo(waves, new Date(at));
        expect(userIds.slice(0, due).every((id) => dueOf(id) <= new Date(at))).toBe(true);
        expect(userIds.slice(due).every((id) => dueOf(id) > new Date(at))).toBe(true);
        expect(dueUpTo(waves, new Date(new Date(at).getTime() - 1))).toBeLessThan(due);
      }
    }),
    { numRuns: 30 },
  );
});
