import { mean, sampleVariance } from 'simple-statistics';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member,
  type Module, type Person, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { Ledger } from '../../test/practice-ledger.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let practice: Module;
let ledger: Ledger;
/** Of two departments, side by side. */
let teachers: Member[];
let classes: Member[][];

beforeEach(async () => {
  app = await startApp({ now: '2026-03-20T12:00:00Z' });
  tenant = await createTenant(app.database);
  admin = {
    tenantId: tenant.tenantId,
    userId: tenant.tenantId,
    role: 'admin',
    departmentId: null,
    name: '',
    email: '',
  };
  practice = await createModule(app.database, await createCategory(app.database, tenant));
  teachers = [];
  classes = [];
  ledger = new Ledger(app, tenant);
  for (const size of [12, 11]) {
    const instructor = await createInstructor(app.database, await createDepartment(app.database, tenant));
    teachers.push(instructor);
    const students = await createStudents(
      app.database,
      instructor,
      Array.from({ length: size }, () => ({})),
    );
    classes.push(students);
    for (const student of students) ledger.moves.push({ student, at: '2025-09-01T00:00:00Z', instructor });
  }
});
afterEach(() => app.stop());

const compare = async (viewer: Member | Person, query: object): Promise<Record<string, unknown>> =>
  (await app.as(viewer).get('/analytics/compare').query(query).expect(200)).body as Record<string, unknown>;
const practise = (day: string, students: readonly Member[], scores: readonly number[]): Promise<void> =>
  ledger.practise(
    scores.map((score, index) => ({
      student: students[index]!,
      at: `${day}T09:00:00Z`,
      moduleId: practice.moduleId,
      completed: true,
      score,
      questions: 10,
      correct: Math.round(score / 10),
      seconds: 600,
    })),
  );
const rounded = (value: number): number => Math.round(value * 100) / 100 + 0;
/** Of Student's distribution, two-sided 95 %, from tables. */
const t = { 9: 2.262157, 10: 2.228139, 17: 2.109816, 18: 2.100922, 19: 2.093024, 20: 2.085963, 21: 2.079614 } as const;

it('compares two departments by Welch, each student counting once', async () => {
  const [ours, theirs] = [
    [71, 80, 62, 90, 75, 83, 69, 77, 88, 91, 64],
    [50, 55, 81, 40, 66, 72, 59, 48, 61, 70],
  ];
  await practise('2026-03-10', classes[0]!, ours!);
  // a second session of some does not make them count for more
  await practise('2026-03-11', classes[0]!, ours!.slice(0, 3));
  await practise('2026-03-10', classes[1]!, theirs!);
  const [departmentId, otherDepartmentId] = teachers.map((one) => one.departmentId) as [string, string];
  const body = await compare(admin, { departmentId: departmentId.toUpperCase(), otherDepartmentId });
  expect(body).toMatchObject({
    compared: 'departments',
    from: '2026-02-19',
    to: '2026-03-20',
    one: { departmentId, students: 12 },
    other: { departmentId: otherDepartmentId, from: '2026-02-19', students: 11 },
  });
  const [a, b] = [sampleVariance(ours!) / 11, sampleVariance(theirs!) / 10];
  const degrees = (a + b) ** 2 / (a ** 2 / 10 + b ** 2 / 9);
  expect(degrees).toBeGreaterThan(17); // between two rows of the table
  expect(degrees).toBeLessThan(19);
  const difference = mean(ours!) - mean(theirs!);
  const figures = body['figures'] as Record<string, Record<string, number>>;
  expect(figures['averageScore']).toMatchObject({
    one: rounded(mean(ours!)),
    other: rounded(mean(theirs!)),
    difference: rounded(difference),
    students: 11,
    otherStudents: 10,
  });
  const half = (figures['averageScore']!['high']! - figures['averageScore']!['low']!) / 2;
  expect(half).toBeGreaterThan(t[19] * Math.sqrt(a + b) - 0.01);
  expect(half).toBeLessThan(t[17] * Math.sqrt(a + b) + 0.01);
  expect(figures['averageScore']!['low']! + half).toBeCloseTo(difference, 1);
  // 14 sessions of 12 students, 10 of 11; who did nothing counts
  expect(figures['sessionsPerStudent']).toMatchObject({ one: 1.17, other: 0.91, students: 12, otherStudents: 11 });
  expect(figures['timePerStudentSeconds']).toMatchObject({ one: 700, other: 545.45 });
  expect(figures['activeShare']).toMatchObject({ one: 91.67, other: 90.91, difference: 0.76 });
});

it('compares two periods of the same students by what each differs by', async () => {
  const [before, after] = [
    [60, 70, 55, 80, 66, 72, 59, 48, 61, 70],
    [66, 71, 60, 79, 75, 80, 61, 52, 70, 73],
  ];
  await practise('2026-02-10', classes[0]!, before!);
  await practise('2026-03-10', classes[0]!, [...after!, 100]); // the last one was not there before
  const query = { from: '2026-03-01', to: '2026-03-20', otherFrom: '2026-02-01', otherTo: '2026-02-28' };
  const body = await compare(teachers[0]!, query);
  expect(body).toMatchObject({
    compared: 'periods',
    one: { from: '2026-03-01', to: '2026-03-20', departmentId: null, students: 12 },
    other: { from: '2026-02-01', to: '2026-02-28', students: 12 },
  });
  const differences = after!.map((score, index) => score - before![index]!);
  const half = t[9] * Math.sqrt(sampleVariance(differences) / 10);
  const figures = body['figures'] as Record<string, Record<string, number>>;
  expect(figures['averageScore']).toEqual({
    one: rounded(mean(after!)),
    other: rounded(mean(before!)),
    difference: rounded(mean(differences)),
    low: rounded(mean(differences) - half),
    high: rounded(mean(differences) + half),
    students: 10,
    otherStudents: 10,
  });
  expect(figures['activeShare']).toMatchObject({ one: 91.67, other: 83.33, students: 12 });

  // turned round
  const turned = { from: query.otherFrom, to: query.otherTo, otherFrom: query.from, otherTo: query.to };
  const { figures: back } = await compare(teachers[0]!, turned);
  const { low, high } = figures['averageScore']!;
  expect((back as Record<string, unknown>)['averageScore']).toMatchObject({ low: -high!, high: -low! });
});

it('counts what students did where they were, and only who was there', async () => {
  await practise('2026-03-10', classes[0]!, classes[0]!.map(() => 80)); // prettier-ignore
  await practise('2026-03-10', classes[1]!, classes[1]!.map(() => 60)); // prettier-ignore
  const { departmentId, userId: instructorId } = teachers[1]!;
  const mover = classes[0]![0]!;
  await app.as(admin).patch(`/users/${mover.userId}`).send({ departmentId, instructorId }).expect(200);
  const leaver = classes[1]![0]!;
  await app.as(admin).patch(`/users/${leaver.userId}`).send({ isActive: false }).expect(200);
  const query = { departmentId: teachers[0]!.departmentId, otherDepartmentId: departmentId };
  const now = await compare(admin, query);
  expect(now).toMatchObject({ one: { students: 12 }, other: { students: 11 } });
  // the one who moved has not practised there yet
  const [one, other] = [
    { students: 12, one: 80 },
    { otherStudents: 10, other: 60 },
  ];
  expect(now['figures']).toMatchObject({ averageScore: { ...one, ...other } });
  // as of the day before nobody had moved
  expect(await compare(admin, { ...query, asOf: '2026-03-19' })).toMatchObject({
    one: { students: 12 },
    other: { students: 10 },
  });
  // from the day on which they have, they are on the other side alone
  expect(await compare(admin, { ...query, from: '2026-03-20' })).toMatchObject({
    one: { students: 11 },
    other: { students: 11 },
  });
});

it('says nothing of fewer than ten students, and refuses what is neither', async () => {
  await practise('2026-03-10', classes[0]!, [71, 80, 62, 90, 75, 83, 69, 77, 88]);
  const periods = { from: '2026-03-01', otherFrom: '2026-03-05', otherTo: '2026-03-20' };
  const { figures } = await compare(teachers[0]!, periods);
  expect(figures).toMatchObject({ averageScore: null, accuracy: null, sessionsPerStudent: { one: 0.75 } });
  const elsewhere = await createTenant(app.database);
  const [departmentId, otherDepartmentId] = [teachers[0]!.departmentId, elsewhere.departmentId];
  const silence = { averageScore: null, accuracy: null, sessionsPerStudent: null, activeShare: null };
  expect(await compare(admin, { departmentId, otherDepartmentId })).toMatchObject({
    other: { students: 0 },
    figures: silence,
  });
  const refuse = async (query: object, pointer: string): Promise<void> => {
    const { body } = await app.as(admin).get('/analytics/compare').query(query).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: `/query/${pointer}` })]);
  };
  await refuse({}, 'otherFrom');
  await refuse({ otherFrom: '2026-01-01' }, 'otherTo');
  await refuse({ otherDepartmentId }, 'departmentId');
  await refuse({ departmentId, otherDepartmentId: departmentId }, 'otherDepartmentId');
  await refuse({ departmentId, otherDepartmentId, otherFrom: '2026-01-01' }, 'otherDepartmentId');
  await refuse({ otherFrom: '2026-02-02', otherTo: '2026-02-01' }, 'otherFrom');
  await refuse({ otherFrom: '2026-02-02', otherTo: '2026-04-01' }, 'otherTo');
  await refuse({ otherFrom: '2015-02-02', otherTo: '2026-02-01' }, 'otherFrom');
  await app.as(classes[0]![0]!).get('/analytics/compare').query(periods).expect(403);
  const blind = { ...admin, role: 'service' as const, scopes: ['analytics:read'] };
  await app.as('service', tenant).get('/analytics/compare').query(periods).expect(200);
  await app.as(blind).get('/analytics/compare').query(periods).expect(403);
});
