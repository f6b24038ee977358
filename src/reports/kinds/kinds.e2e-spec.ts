import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../../test/app.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Module, type Person, sessionBody } from '../../../test/factories.js'; // prettier-ignore
import { createIntervention } from '../../../test/factories.risk.js';
import { createGradebook, type Gradebook } from '../../../test/gradebook.js';
import { figure, type Row, rowsOf, scopeOf, summaryOf } from '../../../test/report-kinds.js';
import { readPdf } from '../../../test/pdf.js';
import { ask, finished, reportOf } from '../../../test/reports.js';
import { RiskNow } from '../../risk/risk-now.service.js';
import { reportKinds } from '../report-kind.js';
import { ReportKinds } from '../report-kinds.js';

type Body = Readonly<Record<string, unknown>>;

let app: TestApp;
let book: Gradebook;
let admin: Person;
let radio: Module;
let codes: Module;

const record = async (sessions: object[]): Promise<void> => {
  await app.as('service', book.tenant).post('/activity/sessions').send({ sessions }).expect(200);
};
const session = (module: Module, { userId: studentId }: Member, day: string, fields: Body): object =>
  sessionBody(module, { studentId, startedAt: `${day}T06:00:00Z`, completedAt: `${day}T06:10:00Z`, ...fields });

beforeAll(async () => {
  app = await startApp({ worker: true });
  book = await createGradebook(app.database);
  admin = book.admin;
  radio = await createModule(app.database, await createCategory(app.database, book.tenant, { title: 'Radio' }));
  codes = await createModule(app.database, await createCategory(app.database, book.tenant, { title: 'Codes' }));
  const [ada, ben] = book.people as [Member, Member];
  await record([
    session(radio, ada, '2026-02-23', { score: 60, questions: 10, correct: 6 }),
    session(radio, ada, '2026-03-02', { score: 90, questions: 10, correct: 9 }),
    session(codes, ada, '2026-03-02', { score: 100, questions: 4, correct: 4 }),
    session(radio, ben, '2026-02-26', { score: 30 }),
    session(radio, ben, '2026-01-10', { score: 40 }),
    session(radio, book.other, '2026-03-01', { score: 80 }),
  ]);
});
afterAll(() => app.stop());

const get = async <T>(viewer: Person, path: string): Promise<T> =>
  (await app.as(viewer).get(path).expect(200)).body as T;
const byId = <T extends { readonly id: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

it.each([{}, { status: 'active' }, { search: 'Ada' }, { search: 'nobody-at-all' }])(
  'of students have those of the list with %j',
  async (filter) => {
    const query = new URLSearchParams(filter as Record<string, string>).toString();
    for (const viewer of [book.instructor, admin]) {
      const { data } = await get<{ data: { id: string }[] }>(viewer, `/students?limit=100&${query}`);
      const ids = byId(data).map(({ id }) => id);
      expect((await rowsOf(app, viewer, 'progress', filter)).map(({ id }) => id)).toEqual(ids);
      expect((await rowsOf(app, viewer, 'gradebook', filter)).map(({ id }) => id)).toEqual(ids);
      expect((await rowsOf(app, viewer, 'risk', filter)).map(({ studentId }) => studentId)).toEqual(ids);
    }
  },
);

describe('progress', () => {
  it('has the figures of the list and an accuracy for each category', async () => {
    const rows = await rowsOf(app, book.instructor, 'progress');
    const ada = rows.find(({ name }) => name === 'Ada Abel')!;
    // 15 of 20 questions, and 4 of 4; their mean
    expect(ada).toMatchObject({ overallScore: 87.5, sessionsCompleted: 3, totalTimeSpentSeconds: 1200 });
    expect(ada[`category:${radio.categoryId}`]).toBe(75);
    expect(ada[`category:${codes.categoryId}`]).toBe(100);
    expect(ada['lastActiveAt']).toBe('2026-03-02T06:10:00+00:00');
    const dora = rows.find(({ pid, name }) => pid === null && String(name).startsWith('Dora'))!;
    expect([dora['overallScore'], dora[`category:${radio.categoryId}`], dora['lastActiveAt']]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('keeps its columns while categories come', async () => {
    const scope = await scopeOf(app, book.instructor, 'progress', {});
    const kind = app.app.get(ReportKinds, { strict: false }).get('progress');
    const before = await kind.columns(scope);
    await createCategory(app.database, book.tenant, { title: 'New' });
    expect(await kind.columns(scope)).toEqual(before);
    expect((await kind.page(scope, null, 1)).rows[0]).toHaveLength(before.length);
  });

  it('sums up', async () => {
    const summary = await summaryOf(app, book.instructor, 'progress');
    expect(figure(summary, 'Students')).toBe('4');
    expect(figure(summary, 'Active in the last 7 days')).toBe('2');
    // (87.5 + 35) / 2
    expect(figure(summary, 'Mean overall score')).toBe('61.25');
    const [weeks, scores, categories] = summary.charts;
    // Monday 23 February: both; the one of today is not over; Ben alone on 10 January
    expect(weeks!.series[0]!.values.slice(-2)).toEqual([0, 2]);
    expect(weeks!.labels.at(-1)).toBe('23 Feb');
    expect(weeks!.series[0]!.values[weeks!.labels.indexOf('5 Jan')]).toBe(1);
    expect(scores!.series[0]!.values).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
    // (75 + 35) / 2
    expect(categories!.series[0]!.values.slice(0, 2)).toEqual([55, 100]);
  });
});

it('a roster is summed up as the dashboard counts it', async () => {
  const summary = await summaryOf(app, book.instructor, 'roster');
  const { statistics } = await get<{ statistics: Body }>(book.instructor, '/dashboard/statistics');
  const { totalStudents, activeStudents, neverStarted, atRisk, averageScore } = statistics;
  expect([totalStudents, activeStudents, averageScore]).toEqual([4, 2, 61.25]);
  const counts = [totalStudents, activeStudents, neverStarted, atRisk, averageScore].map(String);
  expect(summary.figures.map(({ value }) => value)).toEqual(counts);
});

it('a gradebook has the cells and means of the screen', async () => {
  const screen = await get<{ students: { id: string; mean: number | null; cells: { score: number | null; exemption: string | null }[] }[]; assignments: { id: string; title: string }[] }>(book.instructor, '/gradebook?limit=100&assignmentsLimit=50'); // prettier-ignore
  const rows = await rowsOf(app, book.instructor, 'gradebook');
  expect(rows.map(({ mean }) => mean)).toEqual(byId(screen.students).map(({ mean }) => mean));
  const columns = Object.keys(rows[0]!).filter((name) => name.startsWith('assignment:'));
  expect(columns).toEqual(screen.assignments.map(({ id }) => `assignment:${id}`));
  byId(screen.students).forEach(({ cells }, index) => {
    cells.forEach((cell, column) => {
      const shown = rows[index]![columns[column]!];
      if (cell === null) expect(shown).toBeNull();
      else expect(typeof shown === 'number' ? shown : null).toBe(cell.exemption === null ? cell.score : null);
    });
  });
  const some = await rowsOf(app, book.instructor, 'gradebook', { assignmentIds: [book.radio.assignmentId] });
  expect(Object.keys(some[0]!).at(-1)).toBe(`assignment:${book.radio.assignmentId}`);
  // 80 and 50; the score of who is exempt does not count
  const { charts } = await summaryOf(app, book.instructor, 'gradebook', { assignmentIds: [book.radio.assignmentId] });
  expect(charts[1]!.series[0]!.values).toEqual([65]);
  expect(charts[0]!.series[0]!.values).toEqual([75]);
});

it('risk says what the explanation says first, in its words', async () => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, Array(7).fill({}));
  const module = await createModule(app.database, await createCategory(app.database, tenant));
  const sessions = students.slice(0, 6).flatMap(({ userId: studentId }, index) =>
    Array.from({ length: index + 1 }, (_, day) =>
      sessionBody(module, {
        studentId,
        startedAt: `2026-02-${20 + day}T07:00:00Z`,
        completedAt: `2026-02-${20 + day}T07:10:00Z`,
        score: 50 + 8 * index,
      }),
    ),
  );
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  await app.app.get(RiskNow, { strict: false }).score(tenant.tenantId, students.map(({ userId }) => userId), null); // prettier-ignore
  const rows = await rowsOf(app, instructor, 'risk');
  expect(rows).toHaveLength(7);
  let told = 0;
  for (const row of rows) {
    const { score, band, contributions, threshold, day } = await get<{
      score: number | null;
      band: string | null;
      threshold: number;
      day: string;
      contributions: { points: number; sentence: string }[];
    }>(instructor, `/students/${row['studentId']}/risk`);
    expect([row['riskScore'], row['riskBand'], row['threshold'], row['evidenceDay']]).toEqual([
      score,
      band,
      threshold,
      day,
    ]);
    const reasons = [1, 2, 3].map((number) => [row[`points${number}`], row[`reason${number}`]]);
    const expected = contributions.slice(0, 3).map(({ points, sentence }) => [points, sentence]);
    expect(reasons.filter(([points]) => points !== null)).toEqual(expected);
    told += expected.length;
  }
  expect(told).toBeGreaterThan(9);
  const summary = await summaryOf(app, instructor, 'risk');
  expect(figure(summary, 'With a score')).toBe(String(rows.filter(({ riskScore }) => riskScore !== null).length));
});

describe('activity', () => {
  it('has a row for each student and day of the period', async () => {
    const rows = await rowsOf(app, book.instructor, 'activity', { from: '2026-02-23', to: '2026-03-02' });
    expect(rows.map(({ name, day, sessionsCompleted }) => [name, day, sessionsCompleted])).toEqual([
      ['Ada Abel', '2026-02-23', 1],
      ['Ada Abel', '2026-03-02', 2],
      ['Ben Berg', '2026-02-26', 1],
    ]);
    // 13 of 14; (90 + 100) / 2
    expect(rows[1]).toMatchObject({ accuracy: 92.86, averageScore: 95, lastSessionAt: '2026-03-02T06:10:00+00:00' });
    expect(rows[2]).toMatchObject({ accuracy: null, averageScore: 30, questions: 0 });
    expect(
      await rowsOf(app, book.instructor, 'activity', { from: '2026-02-23', to: '2026-03-02', search: 'Ben' }),
    ).toHaveLength(1);
    expect(await rowsOf(app, admin, 'activity', {}, 1)).toHaveLength(4);
  });

  it('shows days without activity as zeros, and their mean as a gap', async () => {
    const { charts, ...summary } = await summaryOf(app, book.instructor, 'activity', {
      from: '2026-02-23',
      to: '2026-02-26',
    });
    expect(charts.map(({ series }) => series[0]!.values)).toEqual([
      [1, 0, 0, 1],
      [1, 0, 0, 1],
      [60, null, null, 30],
    ]);
    expect(figure({ charts, ...summary }, 'Mean score')).toBe('45');
    const long = await summaryOf(app, book.instructor, 'activity', { from: '2025-12-01', to: '2026-03-02' });
    expect(long.charts[0]!.title).toBe('Active students by week');
    expect(long.charts[0]!.labels).toHaveLength(14);
    expect(long.charts[0]!.series[0]!.values.at(-1)).toBe(1);
  });
});

it('interventions are those of the list with the same filter, in the order they were opened', async () => {
  const [ada, ben, , dora] = book.people as [Member, Member, Member, Member];
  await createIntervention(app.database, ada, book.instructor, { openedDay: '2026-02-20', dueOn: '2026-03-01' });
  await createIntervention(app.database, ben, book.instructor, { status: 'resolved', openedDay: '2026-02-10', contactedDay: '2026-02-13' }); // prettier-ignore
  await createIntervention(app.database, dora, book.instructor, { status: 'contacted', openedDay: '2026-02-11', contactedDay: '2026-02-16' }); // prettier-ignore
  await createIntervention(app.database, book.other, book.sibling, {});
  for (const filter of [
    {},
    { status: ['open', 'contacted'] },
    { overdue: true },
    { from: '2026-02-11', to: '2026-02-19' },
  ]) {
    const query = Object.entries(filter).map(([name, value]) => `&${name}=${String(value)}`).join(''); // prettier-ignore
    const { data } = await get<{ data: { id: string }[] }>(book.instructor, `/interventions?sort=opened&order=asc&limit=100${query}`); // prettier-ignore
    const rows = await rowsOf(app, book.instructor, 'interventions', filter, 1);
    expect(rows.map(({ id }) => id)).toEqual(data.map(({ id }) => id));
  }
  const rows = await rowsOf(app, book.instructor, 'interventions');
  expect(rows.map(({ studentName, status }) => [studentName, status])).toEqual([
    ['Ben Berg', 'resolved'],
    ['Dora "D", Dahl', 'contacted'],
    ['Ada Abel', 'open'],
  ]);
  expect(rows[0]).toMatchObject({ outcome: 'better', closedAt: '2026-03-01T12:00:00+00:00' });
  const summary = await summaryOf(app, book.instructor, 'interventions');
  // 3 and 5 days
  expect(figure(summary, 'Median days to first contact')).toBe('4');
  expect(figure(summary, 'Overdue')).toBe('1');
  // weeks from 9 February; what was closed on Sunday 1 March
  expect(summary.charts[0]!.series.map(({ values }) => values)).toEqual([
    [2, 1, 0, 0],
    [0, 0, 1, 0],
  ]);
});

it('shows the weeks of the last year, where cases are older', async () => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  const [student] = await createStudents(app.database, instructor, [{}]);
  await createIntervention(app.database, student!, instructor, { status: 'resolved', openedDay: '2024-12-04' });
  await createIntervention(app.database, student!, instructor, { openedDay: '2026-02-25' });
  app.clock.advance(2 * 86_400);
  const { charts } = await summaryOf(app, instructor, 'interventions');
  app.clock.advance(-2 * 86_400);
  const [opened, closed] = charts[0]!.series.map(({ values }) => values);
  // on Wednesday 4 March 2026, 53 weeks and this one; 1 March is of the week from 23 February
  expect(opened).toEqual([...Array(52).fill(0), 1, 0]);
  expect(closed).toEqual([...Array(52).fill(0), 1, 0]);
});

describe('the audit extract', () => {
  it('has what was done, each once, and is itself on record', async () => {
    app.clock.advance(60);
    const viewer = admin;
    await app.as(viewer).get(`/students/${book.people[0]!.userId}`).expect(200);
    await app.as(viewer).get(`/students/${book.people[1]!.userId}`).expect(200);
    app.clock.advance(60);
    const rows = await rowsOf(app, viewer, 'audit', { actorId: viewer.userId, action: 'student.viewed' }, 1);
    expect(rows.map(({ targetId }) => targetId).sort()).toEqual(
      [0, 1].map((index) => book.people[index]!.userId).sort(),
    );
    expect(rows[0]).toMatchObject({
      at: '2026-03-02T08:01:00+00:00',
      actorName: viewer.name,
      result: 'done',
      before: null,
    });
    app.clock.advance(60);
    const extracts = await rowsOf(app, viewer, 'audit', { action: 'audit.extracted' });
    expect(extracts).toHaveLength(1);
    expect(JSON.parse(String(extracts[0]!['after']))).toMatchObject({
      action: 'student.viewed',
      actorId: viewer.userId,
    });
    const summary = await summaryOf(app, viewer, 'audit');
    expect(summary.charts[1]!.labels).toContain('student.viewed');
    app.clock.set('2026-03-02T08:00:00Z');
  });

  it('takes the filters of the list, opens what is encrypted, and says what has been erased', async () => {
    const [, , person] = book.people;
    const { name } = person!;
    const patch = app.as(admin).patch(`/users/${person!.userId}`).set('x-request-id', 'renamed-by-report');
    await patch.send({ name: 'Renamed Once' }).expect(200);
    await app.as(admin).patch(`/users/${person!.userId}`).send({ name }).expect(200);
    await app.as(admin).get(`/users/${uuidv7()}`).expect(404);
    app.clock.advance(60);
    const filter = { personId: person!.userId, action: 'user.changed', targetType: 'user' };
    const rows = await rowsOf(app, admin, 'audit', filter);
    expect(rows.map(({ after, erased }) => [JSON.parse(String(after)), erased])).toEqual([
      [{ name: 'Renamed Once' }, null],
      [{ name }, null],
    ]);
    const asked = { personId: person!.userId.toUpperCase(), requestId: 'renamed-by-report', result: 'done' };
    expect(await rowsOf(app, admin, 'audit', asked)).toMatchObject([{ personId: person!.userId }]);
    expect(await rowsOf(app, admin, 'audit', { result: 'refused', targetId: 'GET /users/:id' })).toHaveLength(1);
    await app.database.run(
      `-- test.eraseKey
      delete from person_keys where tenant_id = $1 and person_id = $2`,
      [admin.tenantId, person!.userId],
    );
    expect(await rowsOf(app, admin, 'audit', filter)).toMatchObject([
      { before: null, after: null, erased: 'yes' },
      { before: null, after: null, erased: 'yes' },
    ]);
    app.clock.set('2026-03-02T08:00:00Z');
  });

  it('is for administrators', async () => {
    for (const viewer of [book.instructor, book.supervisor]) {
      await app.as(viewer).post('/reports').send({ kind: 'audit', format: 'csv' }).expect(403);
    }
  });
});

it('each kind is written as a file, with nothing of another tenant', async () => {
  const strangers = await createTenant(app.database);
  const stranger = await createInstructor(app.database, strangers);
  for (const kind of reportKinds) {
    const file = await reportOf(app, admin, { kind, format: 'jsonl' });
    const lines = file.toString().split('\n').filter(Boolean);
    // scores may come in meanwhile: rows and columns are the same, whatever stands in them
    const outline = (row: Row): unknown[] => [Object.keys(row), row['id'], row['studentId'], row['day']];
    if (kind !== 'audit') {
      const rows = await rowsOf(app, admin, kind, {}, 100);
      expect(lines.map((line) => outline(JSON.parse(line) as Row))).toEqual(rows.map(outline));
      expect(lines.length).toBeGreaterThan(0);
    }
    if (kind !== 'audit') expect(await rowsOf(app, stranger, kind)).toEqual([]);
  }
}, 120_000);

it.each([
  ['activity', { from: '2026-03-02', to: '2026-03-01' }, '/filter/from'],
  ['activity', { to: '2026-03-03' }, '/filter/to'],
  ['activity', { from: '2016-03-03' }, '/filter/from'],
  ['activity', { from: 'yesterday' }, '/filter/from'],
  ['progress', { from: '2026-03-01' }, '/filter/from'],
  ['risk', { band: ['worst'] }, '/filter/band'],
  ['gradebook', { assignmentIds: ['x'] }, '/filter/assignmentIds'],
  ['gradebook', { limit: 5 }, '/filter/limit'],
  ['interventions', { cursor: 'x' }, '/filter/cursor'],
  ['departments', { search: 'x' }, '/filter/search'],
  ['audit', { actorId: 7 }, '/filter/actorId'],
])('%s refuses %j', async (kind, filter, pointer) => {
  const { body } = await app.as(admin).post('/reports').send({ kind, format: 'csv', filter }).expect(400);
  expect(body.errors[0].pointer).toBe(pointer);
});

it('says on paper what it was asked by, with the names of what may be known', async () => {
  const { departmentId, userId: instructorId } = book.instructor;
  const introduction = async (kind: string, filter: Body, viewer = book.instructor): Promise<string> =>
    readPdf(await reportOf(app, viewer, { kind, format: 'pdf', filter })).pages[0]!;
  const department = await app.database.one<{ name: string }>(
    `-- test.departmentName
    select name from departments where tenant_id = $1 and id = $2`,
    [book.tenant.tenantId, departmentId],
  );
  const named = await introduction('progress', { departmentId, instructorId, moduleId: radio.moduleId });
  for (const one of [`Department: ${department.name}`, `Instructor: ${book.instructor.name}`, 'Module: module-']) {
    expect(named).toContain(` · ${one}`);
  }
  expect(named).not.toContain('chosen');
  const others = await introduction('gradebook', { instructorId: book.sibling.userId });
  expect(others).toContain('Instructor: 1 chosen');
  expect(others).not.toContain('Assignment: ');
});

it('a segment is meant as it is', async () => {
  const segment = await app
    .as(book.instructor)
    .post('/segments')
    .send({ name: 'Ada', filter: { search: 'Ada' } })
    .expect(201);
  expect(await rowsOf(app, book.instructor, 'progress', { segmentId: segment.body.id })).toHaveLength(1);
  await app.as(book.sibling).post('/reports').send({ kind: 'activity', format: 'csv', filter: { segmentId: segment.body.id } }).expect(404); // prettier-ignore
  const { id } = await ask(app.as(book.instructor), { kind: 'activity', format: 'csv', filter: { segmentId: segment.body.id } }); // prettier-ignore
  expect((await finished(app.as(book.instructor), id)).rows).toBe(2);
});
