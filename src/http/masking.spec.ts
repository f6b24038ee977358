import { maskFields, maskText } from './masking.js';

it.each([
  ['no mailbox ada.okafor+x@mail.example.org here', 'no mailbox …@… here'],
  ['asked for /students?search=Ada%20Okafor&limit=5', 'asked for /students?search=…&limit=…'],
  ['escaped ada%40example.org', 'escaped …@…'],
  ['Authorization: Bearer abc.def-ghi', 'Authorization: … …'],
  ['postgres://app:hunter2@db.internal:5432/app is down', 'postgres://… is down'],
  ['https://ada:hunter2@example.org/x', 'https://example.org/x'],
  ['host=db password=hunter2 user=app', 'host=db password=… user=app'],
  ['call +44 20 7946 0958 now', 'call … now'],
  ['call 020 7946 0958 now', 'call … now'],
  ['the key idk_0123456789abcdef', 'the key …'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '…'],
  ['token Aq3vW8xZk2Lm9Rt5Yb7Nc4Hd6Jf1Gs0PzXe in a mail', 'token … in a mail'],
])('masks %j', (text, masked) => {
  expect(maskText(text)).toBe(masked);
});

it.each([
  'statement risk.listOpen took 0.2512345678 s, 01:23:45',
  '0198f000-0000-7000-8000-000000000002 since 2026-03-02T08:00:00.000Z',
  '01983000-0000-7000-8000-000000000002',
  'at Object.insert (/srv/app/src/database/database.js:102:15)',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'connect ECONNREFUSED 10.0.0.7:5432',
])('leaves %j as it is', (text) => {
  expect(maskText(text)).toBe(text);
});

it('leaves nothing that could end a line, colour it, or turn it round', () => {
  const text = 'a\nb\r\u001b[31mred\u009b2J\u2028c\u202edrow\u2066x\u0000\ud800';
  expect(maskText(text)).toBe('a\\nb\\u000d\\u001b[31mred\\u009b2J\\u2028c\\u202edrow\\u2066x\\u0000\ufffd');
});

it('masks whatever a line is about, however deep, and cuts what is too much of it', () => {
  const circle: Record<string, unknown> = { name: 'job', password: 'hunter2', apiKey: 'x', sent: ['a@b.org', 3] };
  circle.self = circle;
  const text = JSON.stringify(maskFields({ 'ada@b.org': 1, circle, when: new Date(0), big: 'x'.repeat(100_000) }));
  expect(text).not.toMatch(/hunter2|b\.org|x{3000}/);
  expect(text).toContain('"when":"1970-01-01T00:00:00.000Z"');
  expect(JSON.stringify(maskFields({ list: Array.from({ length: 50 }, () => 'y'.repeat(1_999)) })).length).toBeLessThan(
    20_000,
  );
});

it.each([
  'a'.repeat(100_000),
  'a.'.repeat(50_000),
  '0 '.repeat(50_000),
  '+1 '.repeat(50_000),
  'token='.repeat(20_000),
  'a-1B'.repeat(25_000),
  '?a=?a='.repeat(20_000),
])('takes no time for %.6s, a hundred thousand times', (text) => {
  const started = performance.now();
  maskText(text);
  expect(performance.now() - started).toBeLessThan(50);
});
