import { startApp, type TestApp } from '../../test/app.js';
import { expectDueDates } from '../../test/due-dates.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let students: Member[];
let assignment: Assignment;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(() => setUp());

const setUp = async (timeZone = 'Europe/London', dueAt = '2026-03-09T12:00:00Z'): Promise<void> => {
  tenant = await createTenant(app.database, { timeZone });
  ada = await createInstructor(app.database, tenant);
  students = await createStudents(
    app.database,
    ada,
    Array.from({ length: 4 }, (_, index) => ({ pid: `P-${index}` })),
  );
  assignment = await createAssignment(app.database, ada, { dueAt });
  await handOut(app.database, assignment, students);
};

interface Answer {
  readonly extended: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly results: readonly { readonly row: number; readonly pid?: string; readonly result: string }[];
}
const send = async (file: string | Buffer, status = 200, query = '', as = ada): Promise<Answer & { code?: string }> => {
  const path = `/assignments/${assignment.assignmentId}/extensions/imports${query}`;
  const { body } = await app.as(as).post(path).set('content-type', 'text/csv').send(file).expect(status);
  return body as Answer;
};
const results = ({ results: list }: Answer): string[] => list.map(({ result }) => result);
const stored = (): Promise<{ until: string | null; reason: string | null; version: number }[]> =>
  app.database.many(
    `-- test.storedExtensions
    select s.extended_until as until, s.extension_reason as reason, s.version
    from submissions s join users u on u.tenant_id = $1 and u.id = s.student_id
    where s.tenant_id = $1 and s.assignment_id = $2 order by u.pid`,
    [tenant.tenantId, assignment.assignmentId],
  );

it('grants what each row says, and the same file again nothing', async () => {
  const file = `\uFEFFPID;Until;Reason
P-0;2026-03-12;"ill; at home"
P-1;2026-03-13T09:00:00+01:00;"=HYPERLINK(""http://example.org"")"
=1+1;2026-03-12;ill
P-404;2026-03-12;ill
P-0;2026-03-14;ill
P-2;12.03.2026;ill
P-2;2026-02-30;ill
P-2;2026-03-08;ill
P-3;2026-03-12;
;2026-03-12;ill
`;
  const expected = [
    'extended', 'extended', 'student_not_found', 'student_not_found', 'duplicate_row', 'until_invalid', 'until_invalid',
    'not_later', 'reason_invalid', 'student_invalid',
  ]; // prettier-ignore
  expect(results(await send(file, 200, '?dryRun=true'))).toEqual(expected);
  expect(await send(file, 200, '?allOrNothing=true')).toMatchObject({ extended: 0, rejected: 8 });
  expect((await stored()).map(({ version }) => version)).toEqual([1, 1, 1, 1]);
  const answer = await send(file);
  expect(answer).toMatchObject({ extended: 2, unchanged: 0, rejected: 8 });
  expect(answer.results[0]).toEqual({ row: 1, studentId: students[0]!.userId, pid: 'P-0', result: 'extended' });
  expect(answer.results[2]).toEqual({ row: 3, pid: '=1+1', result: 'student_not_found' });
  const after = [
    { until: '2026-03-12T23:59:59.999Z', reason: 'ill; at home', version: 2 },
    // what looks like a formula is what was written, and nothing is made of it
    { until: '2026-03-13T08:00:00Z', reason: '=HYPERLINK("http://example.org")', version: 2 },
    { until: null, reason: null, version: 1 },
    { until: null, reason: null, version: 1 },
  ];
  expect(await stored()).toEqual(after);
  const again = await send(file);
  expect(again).toMatchObject({ extended: 0, unchanged: 2, rejected: 8 });
  expect(await stored()).toEqual(after);
  expect(await expectDueDates(app.database, tenant.tenantId)).toBe(4);
});

it('knows students by id as well', async () => {
  const [zero, one] = students.map(({ userId }) => userId);
  const file = `studentId,pid,until,reason
${zero},,2026-03-12,ill
${one},P-1,2026-03-12,ill
${one},P-2,2026-03-12,ill
no-id,P-2,2026-03-12,ill
`;
  expect(results(await send(file))).toEqual(['extended', 'extended', 'student_not_found', 'student_invalid']);
});

it.each([
  // days of 23 and of 25 hours end at midnight like any other
  ['Europe/London', '2026-03-29', '2026-03-29T22:59:59.999Z'],
  ['Europe/London', '2026-10-25', '2026-10-25T23:59:59.999Z'],
  ['America/New_York', '2026-11-01', '2026-11-02T04:59:59.999Z'],
  ['Africa/Cairo', '2026-04-23', '2026-04-23T21:59:59.999Z'],
])('takes a day in %s to its end: %s', async (timeZone, day, until) => {
  await setUp(timeZone);
  expect(results(await send(`pid,until,reason\nP-0,${day},ill\n`))).toEqual(['extended']);
  expect((await stored())[0]).toMatchObject({ until });
});

it('refuses what is no such file', async () => {
  const refused = async (file: string | Buffer, status = 400): Promise<string | undefined> =>
    (await send(file, status)).code;
  expect(await refused('')).toBe('header_missing');
  expect(await refused('pid,reason\nP-0,ill\n')).toBe('column_missing');
  expect(await refused('until,reason\n2026-03-12,ill\n')).toBe('column_missing');
  expect(await refused('pid,until,reason,grade\nP-0,2026-03-12,ill,5\n')).toBe('column_unknown');
  expect(await refused('pid,until,reason\nP-0,2026-03-12,"ill\n')).toBe('file_malformed');
  expect(await refused(Buffer.from('pid,until,reason\nP-0,2026-03-12,krank in M\u00fcnchen\n', 'latin1'))).toBe(
    'file_not_utf8',
  );
  expect(await refused(`pid,until,reason\n${'P-0,2026-03-12,ill\n'.repeat(100_000)}`, 422)).toBe('file_too_long');
  expect(await refused(`pid,until,reason\n${`P-0,2026-03-12,${'x'.repeat(400)}\n`.repeat(21_000)}`, 413)).toBe(
    'body_too_large',
  );
  const path = `/assignments/${assignment.assignmentId}/extensions/imports`;
  await app.as(ada).post(path).send({ pid: 'P-0' }).expect(415);
  expect((await stored()).map(({ version }) => version)).toEqual([1, 1, 1, 1]);
});

it('takes as many rows as a file may have', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => `P-${index},2026-03-12,ill\n`);
  const answer = await send(`pid,until,reason\n${rows.join('')}`);
  expect(answer).toMatchObject({ extended: 4, rejected: 9_996 });
});

it('is for staff, each for the students they have', async () => {
  const ben = await createInstructor(app.database, tenant);
  await createStudents(app.database, ben, [{ pid: 'P-9' }]);
  const file = 'pid,until,reason\nP-0,2026-03-12,ill\nP-9,2026-03-12,ill\n';
  expect(results(await send(file))).toEqual(['extended', 'student_not_found']);
  await send(file, 404, '', ben);
  await send(file, 403, '', students[0]);
  await handOut(app.database, assignment, [(await createStudents(app.database, ben, [{ pid: 'P-8' }]))[0]!]);
  expect(results(await send(`${file}P-8,2026-03-12,ill\n`, 200, '', ben))).toEqual([
    'student_not_found', 'not_assigned', 'extended',
  ]); // prettier-ignore
});
