import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import {
  createInstructor,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import { setRisk } from '../../test/factories.risk.js';
import { until } from '../../test/jobs.js';
import { ask, csvRows, download, finished, linkOf, reportOf } from '../../test/reports.js';
import { readSheet } from '../../test/workbook.js';
import type { StudentRow } from '../students/students.dto.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let students: Member[];

beforeAll(async () => {
  app = await startApp({ worker: true });
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ada Okafor' });
  students = await createStudents(app.database, instructor, [
    { name: 'Plain' },
    { name: '=1+1', pid: '+44' },
    { name: 'Comma, "quoted"\nin two lines' },
    { name: '@import', pid: '007' },
  ]);
  for (const [index, student] of students.entries()) await setRisk(app.database, student, 20 * index + 10.5);
  await createStudent(app.database, await createInstructor(app.database, tenant), { name: 'Somebody else’s' });
});

interface ListBody {
  readonly data: StudentRow[];
  readonly pagination: { readonly nextCursor?: string };
}

/** All pages of the list, as the screen asks for them, by id. */
async function listed(query: string): Promise<StudentRow[]> {
  const rows: StudentRow[] = [];
  for (let next: string | null = `/students?limit=2${query}`; next;) {
    const { body }: { body: ListBody } = await app.as(instructor).get(next).expect(200);
    rows.push(...body.data);
    next = body.pagination.nextCursor ? `/students?limit=2${query}&cursor=${body.pagination.nextCursor}` : null;
  }
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}
const jsonLines = (content: Buffer): unknown[] =>
  content
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

it('has in every format exactly the rows and fields of the list with the same filter', async () => {
  for (const [filter, query] of [
    [{}, ''],
    [{ band: ['moderate', 'high'] }, '&band=moderate,high'],
    [{ search: 'import' }, '&search=import'],
  ] as const) {
    const rows = await listed(query);
    const lines = jsonLines(await reportOf(app, instructor, { format: 'jsonl', filter }));
    expect(lines).toEqual(rows);
    const cells = rows.map((row) => Object.values(row).map((value) => value ?? ''));
    const csv = csvRows(await reportOf(app, instructor, { filter }));
    expect(csv.slice(1)).toEqual(
      cells.map((row) => row.map((cell) => (/^[=+@]/.test(String(cell)) ? `'${cell}` : String(cell)))),
    );
    expect(csv[0]!.slice(0, 4)).toEqual(['Id', 'Name', 'E-mail', 'Number']);
    const sheet = readSheet(await reportOf(app, instructor, { format: 'xlsx', filter }));
    expect(sheet[0]).toEqual(csv[0]);
    // numbers are numbers, text is text, and a formula is text
    expect(sheet.slice(1).map((row) => row.map((cell) => cell ?? ''))).toEqual(
      cells.map((row) => row.slice(0, row.findLastIndex((cell) => cell !== '') + 1)),
    );
  }
});

it('is an empty, valid file where the filter matches nobody', async () => {
  const filter = { search: 'nobody-of-this-name' };
  const csv = await reportOf(app, instructor, { filter });
  expect(csv.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
  expect(csvRows(csv)).toHaveLength(1);
  expect(await reportOf(app, instructor, { format: 'jsonl', filter })).toHaveLength(0);
  expect(readSheet(await reportOf(app, instructor, { format: 'xlsx', filter }))).toHaveLength(1);
});

it('leaves out the mark and the header where it is asked to', async () => {
  const csv = await reportOf(app, instructor, { options: { byteOrderMark: false, header: false } });
  expect(csvRows(csv)).toHaveLength(4);
  expect(csv.toString()).toMatch(/^[0-9a-f]{8}-/);
  const sheet = readSheet(await reportOf(app, instructor, { format: 'xlsx', options: { header: false } }));
  expect(sheet.map(([id]) => id)).toEqual(csvRows(csv).map(([id]) => id));
});

it('tells how far it is, who may take it along, and when it is gone', async () => {
  const client = app.as(instructor);
  const response = await client
    .post('/reports')
    .send({ kind: 'roster', format: 'csv', filter: { status: 'neverStarted' } });
  expect(response.status).toBe(202);
  const { id } = response.body as { id: string };
  expect(response.headers['location']).toBe(`/api/v1/reports/${id}`);
  const report = await finished(client, id);
  const bytes = (await download(app, client, id)).length;
  expect(report).toEqual({
    id,
    kind: 'roster',
    format: 'csv',
    filter: { status: 'neverStarted' },
    options: { byteOrderMark: true, header: true },
    purpose: null,
    status: 'ready',
    progress: 100,
    rows: 4,
    bytes,
    attempts: 1,
    error: null,
    scheduleId: null,
    createdAt: '2026-03-02T08:00:00Z',
    startedAt: '2026-03-02T08:00:00Z',
    finishedAt: '2026-03-02T08:00:00Z',
    expiresAt: '2026-03-09T08:00:00Z',
    links: { self: `/api/v1/reports/${id}`, cancel: null, downloadLink: `/api/v1/reports/${id}/download-link` },
  });
  const file = await app.anonymous.get(await linkOf(client, id)).expect(200);
  expect(file.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="roster-2026-03-02.csv"',
    'cache-control': 'private, no-store',
  });
  const audit = (await auditTrail(app.database, tenant.tenantId, 'report.%'))
    .filter(({ targetId }) => targetId === id)
    .map(({ action, actorId, after }) => ({ action, actorId, after }));
  const of = { actorId: instructor.userId };
  expect(audit).toEqual([
    { action: 'report.requested', ...of, after: { kind: 'roster', format: 'csv', filter: { status: 'neverStarted' } } },
    { action: 'report.downloaded', ...of, after: { kind: 'roster', format: 'csv', rows: 4 } },
    { action: 'report.downloaded', ...of, after: { kind: 'roster', format: 'csv', rows: 4 } },
  ]);
  const [ready] = await until(() =>
    app.database.many<{ payload: object }>(
      `-- test.readyEvents
      select payload from outbox where tenant_id = $1 and topic = 'reports.ready'`,
      [tenant.tenantId],
    ),
  );
  expect(ready!.payload).toEqual({ fileId: expect.any(String), reportIds: [id] });
});

it('gives a file to nobody but its owner', async () => {
  const { id } = await ask(app.as(instructor), {});
  await finished(app.as(instructor), id);
  const others = [
    app.as('admin', tenant),
    app.as('service', tenant),
    app.as(await createInstructor(app.database, tenant)),
    app.as(await createInstructor(app.database, await createTenant(app.database))),
  ];
  for (const other of others) {
    await other.get(`/reports/${id}`).expect(404);
    await other.get(`/reports/${id}/download-link`).expect(404);
    await other.post(`/reports/${id}/cancel`).expect(404);
    expect((await other.get('/reports').expect(200)).body.data).toEqual([]);
  }
  await app.as(students[0]!).get('/reports').expect(403);
  await app.as(students[0]!).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(403);
});

it('opens nothing by a link that was changed, is over, or is of another report', async () => {
  const client = app.as(instructor);
  const [one, other] = [await ask(client, {}), await ask(client, { format: 'jsonl' })];
  await Promise.all([finished(client, one.id), finished(client, other.id)]);
  const link = await linkOf(client, one.id);
  const token = new URLSearchParams(link.split('?')[1]).get('ticket')!;
  const refused = async (path: string): Promise<void> => {
    expect((await app.anonymous.get(path).expect(403)).body.code).toBe('download_link_invalid');
  };
  await refused(link.replace(one.id, other.id));
  const bytes = Buffer.from(token, 'base64url');
  // of the tenant, the owner, the end and the signature
  for (const at of [0, 16, 38, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await refused(`/reports/${one.id}/file?ticket=${changed.toString('base64url')}`);
  }
  for (const wrong of ['x', `${token}A`, token.slice(1), token.slice(0, -4)])
    await refused(`/reports/${one.id}/file?ticket=${wrong}`);
  await app.anonymous.get(`/reports/${one.id}/file`).expect(400);
  // an access token is none, and the link is no access token
  await refused(`/reports/${one.id}/file?ticket=${app.token(instructor).slice(0, 200)}`);
  await app.anonymous.get(`/reports/${one.id}`).set('authorization', `Bearer ${token}`).expect(401);
  await app.anonymous.get(link).expect(200);
  app.clock.advance(301);
  await refused(link);
  app.clock.advance(-301);
});

it('gives no file to an owner who has left, or who sees less than it shows', async () => {
  const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
  const service = { ...tenant, userId: '', role: 'service' as const };
  const clients = [app.as(instructor), app.as(supervisor), app.as('service', service)] as const;
  const ids = await Promise.all(
    clients.map(async (client) => {
      const { id } = await ask(client, {});
      await finished(client, id);
      return id;
    }),
  );
  const links = await Promise.all(clients.map((client, index) => linkOf(client, ids[index]!)));
  for (const link of links) await app.anonymous.get(link).expect(200);
  const run = (name: string, sql: string): Promise<number> =>
    app.database.run(`-- test.${name}\n${sql}`, [tenant.tenantId]);
  await run(
    'deactivateOwner',
    `update users set is_active = false where tenant_id = $1 and id = '${instructor.userId}'`,
  );
  await run(
    'narrow',
    `update instructor_profiles set can_view_all = false where tenant_id = $1 and user_id = '${supervisor.userId}'`,
  );
  await run('takeScope', `update services set scopes = array_remove(scopes, 'students:read') where tenant_id = $1`);
  for (const [index, link] of links.entries()) {
    expect((await app.anonymous.get(link).expect(403)).body.code).toBe('report_access_lost');
    const { body } = await clients[index]!.get(`/reports/${ids[index]!}/download-link`).expect(403);
    expect(body.code).toBe('report_access_lost');
  }
});

it('gives no shared file to a substitute whose delegation has ended', async () => {
  const substitute = await createInstructor(app.database, tenant);
  const delegate = (from: Member, to: Member): Promise<number> =>
    app.database.run(
      `-- test.insertDelegation
      insert into delegations
        (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
      values ($1, gen_random_uuid(), $2, $3, '2026-03-01', '2026-03-15', $2, '', '2026-03-01')`,
      [tenant.tenantId, from.userId, to.userId],
    );
  await delegate(instructor, substitute);
  await delegate(substitute, instructor);
  const clients = [app.as({ ...instructor, rosters: [substitute.userId] }), app.as({ ...substitute, rosters: [instructor.userId] })]; // prettier-ignore
  const [one, other] = [await ask(clients[0]!, {}), await ask(clients[1]!, {})];
  await Promise.all([finished(clients[0]!, one.id), finished(clients[1]!, other.id)]);
  // both see both rosters: asked for at once, it is read as the first of them
  await app.database.run(
    `-- test.shareFile
    update reports r set file_id = o.file_id from reports o
    where r.tenant_id = $1 and o.tenant_id = $1 and r.id = $2 and o.id = $3`,
    [tenant.tenantId, other.id, one.id],
  );
  const link = await linkOf(clients[1]!, other.id);
  await app.anonymous.get(link).expect(200);
  await app.database.run(
    `-- test.endDelegation
    delete from delegations where tenant_id = $1 and instructor_id = $2`,
    [tenant.tenantId, instructor.userId],
  );
  await app.anonymous.get(link).expect(403);
  const { body } = await app.as(substitute).get(`/reports/${other.id}/download-link`).expect(403);
  expect(body.code).toBe('report_access_lost');
  await clients[0]!.get(`/reports/${one.id}/download-link`).expect(200);
});

it('gives no file to a credential with fewer scopes than it takes', async () => {
  const service = app.as('service', tenant);
  const { id } = await ask(service, {});
  await finished(service, id);
  const { serviceId } = await app.database.one<{ serviceId: string }>(
    `-- test.findService
    select id as "serviceId" from services where tenant_id = $1`,
    [tenant.tenantId],
  );
  const narrow = { tenantId: tenant.tenantId, userId: serviceId, role: 'service', departmentId: null } as const;
  const client = app.as({ ...narrow, scopes: ['reports:read'] });
  await client.get(`/reports/${id}`).expect(200);
  const { body } = await client.get(`/reports/${id}/download-link`).expect(403);
  expect(body.code).toBe('permission_denied');
  await app.as({ ...narrow, scopes: ['reports:read', 'students:read'] }).get(`/reports/${id}/download-link`).expect(200); // prettier-ignore
});

it('says of a file that is no longer kept that it is gone', async () => {
  const client = app.as(instructor);
  const { id } = await ask(client, {});
  await finished(client, id);
  app.clock.advance(7 * 86_400);
  try {
    expect((await client.get(`/reports/${id}/download-link`).expect(410)).body.code).toBe('report_expired');
    expect((await client.get(`/reports/${id}`)).body).toMatchObject({
      status: 'expired',
      links: { downloadLink: null },
    });
    expect((await client.get('/reports?status=expired')).body.pagination.total).toBe(1);
  } finally {
    app.clock.advance(-7 * 86_400);
  }
});
