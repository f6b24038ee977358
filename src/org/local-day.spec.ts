import { addDays, localDay, startOfDay } from './local-day.js';

// by hand from the tz database: London springs at 01:00, Havana and Beirut at midnight; Apia left out 30 December 2011
it.each([
  ['Europe/London', '2026-03-29', '2026-03-29T00:00:00.000Z'],
  ['Europe/London', '2026-03-30', '2026-03-29T23:00:00.000Z'],
  ['America/Havana', '2026-03-08', '2026-03-08T05:00:00.000Z'],
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00.000Z'],
  ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00.000Z'],
  ['Asia/Kathmandu', '2026-03-02', '2026-03-01T18:15:00.000Z'],
  ['Pacific/Kiritimati', '2026-03-02', '2026-03-01T10:00:00.000Z'],
  ['Etc/GMT+12', '2026-03-02', '2026-03-02T12:00:00.000Z'],
  ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00.000Z'],
])('in %s, %s begins at %s', (timeZone, day, instant) => {
  const begin = startOfDay(timeZone, day);
  expect(begin.toISOString()).toBe(instant);
  expect(localDay(timeZone, begin)).toBe(day);
  expect(localDay(timeZone, new Date(begin.getTime() - 1)) < day).toBe(true);
});

it('begins a day after every other', () => {
  for (const timeZone of ['Europe/London', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Kolkata']) {
    for (let day = '2026-01-01'; day < '2027-01-01'; day = addDays(day, 1)) {
      const hours = (startOfDay(timeZone, addDays(day, 1)).getTime() - startOfDay(timeZone, day).getTime()) / 3_600_000;
      expect([23, 23.5, 24, 24.5, 25]).toContain(hours);
    }
  }
});
