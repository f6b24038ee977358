import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createInstructor, createModule, createStudent, createTenant, type Member, type Module, sessionBody,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import type { Viewer } from '../http/viewer.js';
import type { QuestionsResponse } from './questions.dto.js';
import { RollUps } from './roll-ups.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let colleague: Member;
let quiz: Module;

const get = (viewer: Viewer, query: object = {}) => app.as(viewer).get('/analytics/questions').query({ moduleId: quiz.moduleId, ...query }); // prettier-ignore
const read = async (viewer: Viewer, query: object = {}): Promise<QuestionsResponse> =>
  (await get(viewer, query).expect(200)).body as QuestionsResponse;

/** Answers of one session each: `correct` of so many, each in so many seconds. */
const answers = (questionId: string, count: number, correct: number, seconds?: number): object[] =>
  Array.from({ length: count }, (_, n) => ({ questionId, correct: n < correct, durationSeconds: seconds }));

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  colleague = await createInstructor(app.database, tenant);
  quiz = await createModule(app.database, await createCategory(app.database, tenant));
  const [mine, theirs] = [await createStudent(app.database, instructor), await createStudent(app.database, colleague)];
  const session = (student: Member, day: string, list: object[]): object =>
    sessionBody(quiz, {
      studentId: student.userId, day, startedAt: undefined, completedAt: undefined, durationSeconds: 600, answers: list,
    }); // prettier-ignore
  const sessions = [
    session(mine, '2026-03-01', [...answers('easy', 12, 11), ...answers('hard', 8, 1, 10), ...answers('few', 9, 0)]),
    session(mine, '2026-02-01', [...answers('hard', 4, 2, 40), ...answers('equal', 12, 3)]),
    session(mine, '2026-01-01', answers('old', 20, 10)),
    session(theirs, '2026-03-01', answers('few', 9, 9)),
  ];
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  await app.app.get(RollUps, { strict: false }).rollUp(tenant.tenantId, new AbortController().signal);
});
afterAll(() => app.stop());

it('lists the hardest first, with a rate from ten answers on', async () => {
  const body = await read(instructor, { limit: 10 });
  expect(body).toMatchObject({
    from: '2026-02-01',
    to: '2026-03-02',
    moduleId: quiz.moduleId,
    freshness: { pendingDays: 0, pendingSince: null },
    pagination: { limit: 10, page: 1, total: 4, hasNext: false },
  });
  expect(body.data).toEqual([
    // 3 of 12 both; (8 × 10 + 4 × 40) ÷ 12
    { questionId: 'equal', answers: 12, correctRate: 25, meanSeconds: null },
    { questionId: 'hard', answers: 12, correctRate: 25, meanSeconds: 20 },
    { questionId: 'easy', answers: 12, correctRate: 91.67, meanSeconds: null },
    { questionId: 'few', answers: 9, correctRate: null, meanSeconds: null },
  ]);
  // with the colleague's there are 18
  const all = await read({ ...instructor, role: 'admin', departmentId: null });
  expect(all.data[2]).toEqual({ questionId: 'few', answers: 18, correctRate: 50, meanSeconds: null });
  expect((await read(colleague)).data).toMatchObject([{ questionId: 'few', answers: 9 }]);
  expect((await read(instructor, { asOf: '2026-01-15' })).data).toMatchObject([{ questionId: 'old', correctRate: 50 }]);
});

it('pages by number and by cursor, every question once', async () => {
  for (const next of ['page', 'cursor'] as const) {
    const seen: string[] = [];
    let query: object | undefined = { limit: 1 };
    for (let page = 1; query; page++) {
      const { data, pagination }: QuestionsResponse = await read(instructor, query);
      seen.push(...data.map(({ questionId }) => questionId));
      const { nextCursor, hasNext } = pagination;
      query = hasNext ? { limit: 1, ...(next === 'page' ? { page: page + 1 } : { cursor: nextCursor }) } : undefined;
    }
    expect(seen).toEqual(['equal', 'hard', 'easy', 'few']);
  }
  expect((await read(instructor, { page: 9, limit: 1 })).pagination).toMatchObject({ total: 4, hasNext: false });
  const { nextCursor } = (await read(instructor, { limit: 1 })).pagination;
  await get(instructor, { limit: 1, cursor: nextCursor, from: '2026-01-01' }).expect(400);
});

it('is of a module that there is, and for who may see students', async () => {
  await get(instructor, { moduleId: uuidv7() }).expect(404);
  const elsewhere = await createTenant(app.database);
  const foreign = await createModule(app.database, await createCategory(app.database, elsewhere));
  await get(instructor, { moduleId: foreign.moduleId }).expect(404);
  await app.as(instructor).get('/analytics/questions').expect(400);
  await get(instructor, { moduleId: 'quiz' }).expect(400);
  await get(instructor, { from: '2026-03-01', to: '2026-02-01' }).expect(400);
  expect((await read(instructor, { moduleId: quiz.moduleId.toUpperCase() })).data).toHaveLength(4);
  const service: Viewer = { ...instructor, departmentId: null, role: 'service', scopes: ['analytics:read'] };
  await get(service).expect(403);
  await app.anonymous.get('/analytics/questions').expect(401);
});
