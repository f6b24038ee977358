import { v7 as uuidv7 } from 'uuid';
import { startApp, type Client, type TestApp } from '../../test/app.js';
import { stateOf } from '../../test/derived.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  type Module,
  sessionBody,
  serviceIdOf,
} from '../../test/factories.js';
import type { FieldError } from '../http/problem.js';
import type { SessionResult } from './ingestion.service.js';

/** The clock stands at 2026-03-02T08:00:00Z. */
let app: TestApp;
let service: Client;
let student: Member;
let stranger: Member;
let practice: Module;
let foreign: Module;

beforeAll(async () => {
  app = await startApp();
  const tenants = [await createTenant(app.database), await createTenant(app.database)] as const;
  const [own, other] = await Promise.all(
    tenants.map(async (tenant) => ({
      student: await createStudent(app.database, await createInstructor(app.database, tenant)),
      practice: await createModule(app.database, await createCategory(app.database, tenant)),
    })),
  );
  [student, practice] = [own!.student, own!.practice];
  [stranger, foreign] = [other!.student, other!.practice];
  service = app.as('service', tenants[0]);
});
afterAll(() => app.stop());

interface Answer {
  readonly code?: string;
  readonly errors?: FieldError[];
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: SessionResult[];
}

const path = '/activity/sessions';
const body = (fields: Record<string, unknown> = {}): Record<string, unknown> =>
  sessionBody(practice, { studentId: student.userId, ...fields });
const without = (...fields: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body()).filter(([name]) => !fields.includes(name)));
const state = async (): Promise<unknown> => [
  await stateOf(app.database, student.tenantId),
  await stateOf(app.database, stranger.tenantId),
];

/** Posts, and proves that nothing was written. */
async function refused(text: string | Buffer, status: number, type = 'application/json'): Promise<Answer> {
  const before = await state();
  const { tenantId } = student;
  const userId = serviceIdOf(student);
  const authorization = `Bearer ${app.token({ tenantId, userId, role: 'service', departmentId: null })}`;
  const headers = { 'content-type': type, authorization };
  const response = await fetch(`${app.url}/api/v1${path}`, { method: 'POST', headers, body: text });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await state()).toEqual(before);
  return (await response.json()) as Answer;
}

describe('an envelope at fault costs all of it', () => {
  const cases: readonly (readonly [string, () => string | Buffer, number, string, readonly string[]])[] = [
    ['not JSON', () => '{"sessions": [', 400, 'body_malformed', []],
    ['not UTF-8', () => Buffer.from('{"sessions":"\xff"}', 'latin1'), 400, 'body_malformed', []],
    ['empty', () => '', 400, 'request_invalid', ['']],
    ['a list', () => '[]', 400, 'request_invalid', ['']],
    ['null', () => 'null', 400, 'request_invalid', ['']],
    ['no list', () => '{"sessions":{}}', 400, 'request_invalid', ['/sessions']],
    ['no items', () => '{"sessions":[]}', 400, 'request_invalid', ['/sessions']],
    ['1,001 items', () => JSON.stringify({ sessions: Array(1_001).fill({}) }), 400, 'request_invalid', ['/sessions']],
    ['an unknown field', () => JSON.stringify({ sessions: [body()], x: 1 }), 400, 'request_invalid', ['/x']],
    ['2 MB', () => JSON.stringify({ sessions: [body({ x: 'x'.repeat(2_000_000) })] }), 413, 'body_too_large', []],
    ['nested too deep', () => `{"sessions":${'['.repeat(99)}${']'.repeat(99)}}`, 400, 'body_malformed', []],
  ];
  it.each(cases)('%s', async (_, text, status, code, pointers) => {
    const answer = await refused(text(), status);
    expect(answer.code).toBe(code);
    expect((answer.errors ?? []).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('not JSON by its type', async () => {
    const answer = await refused('sessions=1', 415, 'application/x-www-form-urlencoded');
    expect(answer.code).toBe('content_type_unsupported');
  });

  it('nobody, or somebody without the right, who is on record as such', async () => {
    const [{ audit_entries: none, ...before }, theirs] = (await state()) as [Record<string, unknown[]>, unknown];
    await app.anonymous
      .post(path)
      .send({ sessions: [body()] })
      .expect(401);
    const instructor = await createInstructor(app.database, student);
    await app
      .as(instructor)
      .post(path)
      .send({ sessions: [body()] })
      .expect(403);
    const [{ audit_entries: recorded, ...after }, theirsAfter] = (await state()) as [
      Record<string, unknown[]>,
      unknown,
    ];
    expect([after, theirsAfter]).toEqual([before, theirs]);
    expect(recorded).toHaveLength(none!.length + 1);
    expect(JSON.stringify(recorded)).toContain('request.refused');
  });
});

describe('an item at fault costs itself alone', () => {
  const cases: readonly (readonly [string, () => unknown, string, string])[] = [
    ['no object', () => 'x', '', 'session_invalid'],
    ['null', () => null, '', 'session_invalid'],
    ['a list', () => [], '', 'session_invalid'],
    ['a NUL', () => ({ ...without('moduleId'), moduleCode: 'a\0b' }), '/moduleCode', 'text_unstorable'],
    ['half a surrogate pair', () => body({ answers: [{ text: 'x\ud800y' }] }), '/answers/0/text', 'text_unstorable'],
    [
      'a field that is a trap',
      () => JSON.parse('{"__proto__":{"score":1}}') as unknown,
      '/__proto__',
      'field_forbidden',
    ],
    ['no id', () => without('id'), '/id', 'field_required'],
    ['an id that is none', () => body({ id: '7' }), '/id', 'uuid_invalid'],
    ['an id that is a number', () => body({ id: 7 }), '/id', 'uuid_invalid'],
    ['no student', () => without('studentId'), '/studentId', 'field_required'],
    ['an unknown student', () => body({ studentId: uuidv7() }), '/studentId', 'student_unknown'],
    ['the student of another tenant', () => body({ studentId: stranger.userId }), '/studentId', 'student_unknown'],
    ['the module of another tenant', () => body({ moduleId: foreign.moduleId }), '/moduleId', 'module_unknown'],
    ['an unknown module', () => ({ ...without('moduleId'), moduleCode: 'nope' }), '/moduleId', 'module_unknown'],
    ['no module', () => without('moduleId'), '/moduleId', 'field_required'],
    ['two modules', () => body({ moduleCode: 'x' }), '/moduleId', 'field_required'],
    ['a code that is no text', () => ({ ...without('moduleId'), moduleCode: {} }), '/moduleCode', 'text_invalid'],
    ['an unknown field', () => body({ 'a/b~c': 1 }), '/a~1b~0c', 'field_unknown'],
    ['an unknown kind', () => body({ kind: 'nap' }), '/kind', 'value_unknown'],
    ['an unknown status', () => body({ status: 'done' }), '/status', 'value_unknown'],
    ['a score of 101', () => body({ score: 101 }), '/score', 'number_out_of_range'],
    ['a score just above 100', () => body({ score: 100.001 }), '/score', 'number_out_of_range'],
    ['a negative score', () => body({ score: -1 }), '/score', 'number_out_of_range'],
    ['a score that is text', () => body({ score: '80' }), '/score', 'number_out_of_range'],
    ['a score that is true', () => body({ score: true }), '/score', 'number_out_of_range'],
    ['more correct than asked', () => body({ questions: 3, correct: 4 }), '/correct', 'correct_exceeds_questions'],
    ['half a question', () => body({ questions: 3.5, correct: 1 }), '/questions', 'number_out_of_range'],
    ['correct without questions', () => body({ correct: 4 }), '/questions', 'field_required'],
    ['more than a column holds', () => body({ interactions: 2 ** 31 }), '/interactions', 'number_out_of_range'],
    ['a duration of years', () => body({ durationSeconds: 1e9 }), '/durationSeconds', 'number_out_of_range'],
    [
      'an end before its beginning',
      () => body({ completedAt: '2026-03-02T07:19:59Z' }),
      '/completedAt',
      'session_ends_before_start',
    ],
    ['a completed one without end', () => without('completedAt'), '/completedAt', 'field_required'],
    ['no time at all', () => without('completedAt', 'startedAt'), '/completedAt', 'field_required'],
    ['an end in the future', () => body({ completedAt: '2026-03-02T08:05:01Z' }), '/completedAt', 'session_in_future'],
    ['an update in the future', () => body({ updatedAt: '2027-03-02T08:05:01Z' }), '/updatedAt', 'session_in_future'],
    [
      '1970',
      () => ({ ...without('startedAt'), completedAt: '1970-01-01T00:00:00Z' }),
      '/completedAt',
      'session_too_old',
    ],
    ['a day in 1970', () => ({ ...without('startedAt', 'completedAt'), day: '1970-01-01' }), '/day', 'session_too_old'],
    [
      'a day to come',
      () => ({ ...without('startedAt', 'completedAt'), day: '2026-03-04' }),
      '/day',
      'session_in_future',
    ],
    ['a day beside an instant', () => body({ day: '2026-03-02' }), '/day', 'day_not_allowed'],
    ['the 31st of February', () => body({ startedAt: '2026-02-31T07:20:00Z' }), '/startedAt', 'instant_invalid'],
    [
      'an instant without its offset',
      () => body({ completedAt: '2026-03-02T07:30:00' }),
      '/completedAt',
      'instant_invalid',
    ],
    ['an instant that is a number', () => body({ completedAt: 1_772_436_600 }), '/completedAt', 'instant_invalid'],
    ['year 10000', () => body({ completedAt: '+010000-01-01T00:00:00Z' }), '/completedAt', 'instant_invalid'],
    ['answers that are text', () => body({ answers: 'x' }), '/answers', 'answers_invalid'],
    ['answers of numbers', () => body({ answers: [1] }), '/answers', 'answers_invalid'],
    ['501 answers', () => body({ answers: Array(501).fill({}) }), '/answers', 'answers_invalid'],
  ];

  it.each(cases)('%s', async (_, item, pointer, code) => {
    const before = await state();
    const alone = await service
      .post(path)
      .send({ sessions: [item()] })
      .expect(200);
    expect(alone.body).toMatchObject({ accepted: 0, duplicates: 0, rejected: 1 });
    expect(await state()).toEqual(before);

    const good = body();
    const response = await service
      .post(path)
      .send({ sessions: [good, item()] })
      .expect(200);
    const { accepted, rejected, results } = response.body as Answer;
    expect([accepted, rejected]).toEqual([1, 1]);
    expect(results[0]).toEqual({ id: good['id'], status: 'accepted' });
    expect(results[1]!.errors).toContainEqual({ pointer: `/sessions/1${pointer}`, code, detail: expect.any(String) });
  });

  it('each with its own errors, where all are at fault', async () => {
    const item = { score: 101, kind: 7, moduleId: 'x' };
    const { body: answer } = (await service
      .post(path)
      .send({ sessions: [item, item] })
      .expect(200)) as { body: Answer };
    expect(answer.rejected).toBe(2);
    for (const [index, { id, errors }] of answer.results.entries()) {
      expect(id).toBeNull();
      expect(errors!.map(({ pointer }) => pointer).sort()).toEqual(
        ['completedAt', 'id', 'kind', 'moduleId', 'score', 'studentId'].map((name) => `/sessions/${index}/${name}`),
      );
    }
  });

  it('the session of another student, whose id it is', async () => {
    const mine = body();
    await service
      .post(path)
      .send({ sessions: [mine] })
      .expect(200);
    const sibling = await createStudent(app.database, {
      tenantId: student.tenantId,
      departmentId: student.departmentId,
    });
    const stolen = { ...mine, studentId: sibling.userId, updatedAt: '2026-03-02T07:59:00Z' };
    const before = await state();
    const { body: answer } = (await service
      .post(path)
      .send({ sessions: [stolen] })
      .expect(200)) as { body: Answer };
    expect(answer.results[0]!.errors).toMatchObject([{ pointer: '/sessions/0/id', code: 'session_of_other_student' }]);
    expect(await state()).toEqual(before);
  });

  it('a student who writes for somebody else', async () => {
    const sibling = await createStudent(app.database, {
      tenantId: student.tenantId,
      departmentId: student.departmentId,
    });
    const sessions = [body({ studentId: sibling.userId }), sessionBody(practice)];
    const { body: answer } = (await app.as(student).post(path).send({ sessions }).expect(200)) as { body: Answer };
    expect(answer.results.map(({ status }) => status)).toEqual(['rejected', 'accepted']);
    expect(answer.results[0]!.errors).toMatchObject([{ pointer: '/sessions/0/studentId', code: 'student_unknown' }]);
  });
});

it('takes the newest of an id that occurs twice, whatever its place, and calls the other a duplicate', async () => {
  const old = body({ score: 10, updatedAt: '2026-03-02T07:30:00Z' });
  const sessions = [{ ...old, score: 20, updatedAt: '2026-03-02T07:31:00Z' }, old, body()];
  const { body: answer } = (await service.post(path).send({ sessions }).expect(200)) as { body: Answer };
  expect(answer.results.map(({ status }) => status)).toEqual(['accepted', 'duplicate', 'accepted']);
  const row = await app.database.one(`-- test.score\nselect score from sessions where id = $1`, [old['id']]);
  expect(row).toEqual({ score: 20 });
});

it('takes what is just within the limits', async () => {
  const sessions = [
    body({ completedAt: '2026-03-02T08:05:00Z' }),
    body({ score: 100, questions: 0, correct: 0, answers: Array(500).fill({}) }),
    body({ score: 0, durationSeconds: 0, interactions: 1_000_000, moduleId: practice.moduleId.toUpperCase() }),
    { ...without('startedAt', 'completedAt'), day: '2026-03-02' },
    { ...without('startedAt'), completedAt: '2024-03-02T08:00:00Z' },
    { ...without('completedAt'), status: 'in_progress' },
    body({ completedAt: '2026-03-02T07:20:00+00:00' }),
    { ...without('moduleId'), moduleCode: practice.code },
  ];
  const { body: answer } = (await service.post(path).send({ sessions }).expect(200)) as { body: Answer };
  expect(answer).toMatchObject({ accepted: sessions.length, rejected: 0 });
});

it('takes 1,000 at once', async () => {
  const sessions = Array.from({ length: 1_000 }, () => body());
  const { body: answer } = (await service.post(path).send({ sessions }).expect(200)) as { body: Answer };
  expect(answer).toMatchObject({ accepted: 1_000, rejected: 0 });
});
