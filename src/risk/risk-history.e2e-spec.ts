import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createTenant, type Member } from '../../test/factories.js';
import { createEvaluation } from '../../test/factories.risk.js';
import { addDays } from '../org/local-day.js';
import type { RiskEvaluation } from './risk.dto.js';

const days = (count: number, last: string): string[] =>
  Array.from({ length: count }, (_, index) => addDays(last, -index));

let app: TestApp;
let instructor: Member;
let student: Member;
beforeAll(async () => {
  app = await startApp();
  instructor = await createInstructor(app.database, await createTenant(app.database));
  student = await createStudent(app.database, instructor);
  for (const [index, day] of days(60, '2026-02-28').entries()) {
    await createEvaluation(app.database, student, {
      day,
      score: 30 + index,
      insufficient: index === 59 ? 'noSignals' : null,
    });
  }
  for (const number of [1, 2]) {
    const at = `2026-02-27T1${number}:00:00Z`;
    await createEvaluation(app.database, student, { day: '2026-02-27', number, score: 20 + number, evaluatedAt: at });
  }
});
afterAll(() => app.stop());

const list = async (query: string): Promise<{ data: RiskEvaluation[]; pagination: { total?: number; nextCursor?: string } }> =>
  (await app.as(instructor).get(`/students/${student.userId}/risk/history?${query}`).expect(200)).body as never; // prettier-ignore

it('lists the ends of days, newest first, within days', async () => {
  const { data, pagination } = await list('from=2026-02-20&to=2026-02-27');
  expect(data.map(({ day }) => day)).toEqual(days(8, '2026-02-27'));
  expect(data.every(({ isClosing }) => isClosing)).toBe(true);
  expect(data[0]).toEqual({
    day: '2026-02-27', isClosing: true, evaluatedAt: '2026-02-27T23:00:00Z', modelVersion: 'test', score: 31,
    band: 'low', insufficientData: null, base: 50, contributions: [],
  }); // prettier-ignore
  expect(pagination.total).toBe(8);
});

it('lists those during the days too, and hides scores of too little', async () => {
  const { data } = await list('detail=all&from=2026-02-26&to=2026-02-27');
  expect(data.map(({ day, isClosing, score: shown }) => [day, isClosing, shown])).toEqual([
    ['2026-02-27', true, 31],
    ['2026-02-27', false, 22],
    ['2026-02-27', false, 21],
    ['2026-02-26', true, 32],
  ]);
  const first = await list('to=2025-12-31');
  expect(first.data).toMatchObject([{ score: null, band: null, base: null, insufficientData: { reason: 'noSignals' } }]); // prettier-ignore
});

it('goes on with a cursor to the end, each row once', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(`detail=all&limit=7${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...page.data.map(({ day, evaluatedAt }) => `${day} ${evaluatedAt}`));
    cursor = page.pagination.nextCursor;
  } while (cursor);
  expect(seen).toHaveLength(62);
  expect(new Set(seen).size).toBe(62);
  expect((await list('detail=all&limit=100')).pagination.total).toBe(62);
  const { pagination } = await list('limit=1');
  await app.as(instructor).get(`/students/${student.userId}/risk/history?detail=all&cursor=${pagination.nextCursor}`).expect(400); // prettier-ignore
  await app.as(instructor).get(`/students/${student.userId}/risk/history?from=yesterday`).expect(400);
});

it('is empty where nothing has been scored', async () => {
  student = await createStudent(app.database, instructor);
  expect((await list('')).data).toEqual([]);
});
