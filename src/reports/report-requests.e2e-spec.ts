import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { ask } from '../../test/reports.js';
import type { Viewer } from '../http/viewer.js';
import { TenantRemovalRepository } from '../imports/tenant-removal.repository.js';
import { catalogue, writeReport } from '../jobs/catalogue.js';
import { queueOf, type Run } from '../jobs/job.js';
import { mostOfOwner, mostOfTenant } from './report-requests.service.js';
import type { ReportResponse } from './reports.dto.js';
import { ReportsJobs } from './reports.jobs.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeAll(async () => {
  // nothing works off what is asked for here, unless a test does
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  await createStudents(app.database, instructor, Array(3).fill({}));
});

interface FileRow {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
}
const files = (): Promise<FileRow[]> =>
  app.database.many<FileRow>(
    `-- test.reportFiles
    select id, status, error from report_files where tenant_id = $1 order by created_at, id`,
    [tenant.tenantId],
  );
const events = (topic: string): Promise<{ payload: Record<string, unknown> }[]> =>
  app.database.many<{ payload: Record<string, unknown> }>(
    `-- test.reportEvents
    select payload from outbox where tenant_id = $1 and topic = $2 order by id`,
    [tenant.tenantId, topic],
  );
const get = async (who: Viewer, id: string): Promise<ReportResponse> =>
  (await app.as(who).get(`/reports/${id}`).expect(200)).body;

/** As the queue has it done. */
async function write(fileId: string, options: Partial<Run> = {}): Promise<unknown> {
  const run: Run = {
    job: 'reportfiles.write-file',
    tenantId: tenant.tenantId,
    key: tenant.tenantId,
    occasion: `test-${fileId}`,
    payload: { fileId },
    attempt: 1,
    signal: new AbortController().signal,
    ...options,
  };
  return app.app.get(ReportsJobs, { strict: false }).writeFile(run);
}

it('refuses what no kind, format or filter is, and says where', async () => {
  const refused = async (body: object, ...pointers: string[]): Promise<void> => {
    const response = await app.as(instructor).post('/reports').send(body).expect(400);
    expect((response.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(pointers);
  };
  await refused({ kind: 'horoscope', format: 'doc' }, '/kind', '/format');
  const roster = { kind: 'roster', format: 'csv' };
  await refused({ ...roster, filter: { colour: 'red', scoreMin: '5' } }, '/filter/colour', '/filter/scoreMin');
  await refused({ ...roster, filter: { limit: 20, page: 2 } }, '/filter/limit', '/filter/page');
  await refused({ ...roster, filter: [] }, '/filter');
  await refused({ ...roster, options: { header: 'no', bom: true } }, '/options/bom', '/options/header');
  await app
    .as(instructor)
    .post('/reports')
    .send({ ...roster, filter: { segmentId: uuidv7() } })
    .expect(404);
  expect(await files()).toEqual([]);
});

it('demands the permission of the kind, too', async () => {
  await app.database.run(
    `-- test.fewerScopes
    update services set scopes = array['reports:read', 'reports:write'] where tenant_id = $1`,
    [tenant.tenantId],
  );
  const { body } = await app.as('service', tenant).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(403);
  expect(body).toMatchObject({ code: 'permission_denied', detail: 'This needs the permission students:read.' });
});

it('is asked for once by one id, which is nobody else’s any more', async () => {
  const id = uuidv7();
  const [one, again] = await Promise.all([ask(app.as(instructor), { id }), ask(app.as(instructor), { id })]);
  expect(again).toEqual(one);
  expect((await ask(app.as(instructor), { id, format: 'jsonl' })).format).toBe('csv');
  expect(await files()).toHaveLength(1);
  const other = await createInstructor(app.database, tenant);
  const { body } = await app.as(other).post('/reports').send({ id, kind: 'roster', format: 'csv' }).expect(409);
  expect(body.code).toBe('report_id_taken');
});

it('shares one run among all who ask the same and see the same at once, and tells them all', async () => {
  const people = await Promise.all(
    Array.from({ length: 10 }, () => createInstructor(app.database, tenant, { canViewAll: true })),
  );
  const orders = [
    { status: 'active', scoreMin: 5 },
    { scoreMin: 5, status: 'active' },
  ];
  const asked = await Promise.all(people.flatMap((person) => orders.map((filter) => ask(app.as(person), { filter }))));
  expect(new Set(asked.map(({ id }) => id)).size).toBe(20);
  expect(await files()).toHaveLength(1);
  expect(await events('reports.requested')).toHaveLength(1);
  // others see something else, or ask for something else
  await ask(app.as(instructor), { filter: orders[0] });
  await ask(app.as('admin', tenant), { filter: orders[0] });
  await ask(app.as('service', tenant), { filter: orders[0] });
  await ask(app.as(people[0]!), { filter: { ...orders[0], scoreMin: 6 } });
  await ask(app.as(people[1]!), { filter: orders[0], options: { header: false } });
  expect(await files()).toHaveLength(6);
  const [{ id }] = (await files()) as [FileRow];
  await write(id);
  expect(await events('reports.ready')).toEqual([
    { payload: { fileId: id, reportIds: asked.map((report) => report.id).sort() } },
  ]);
  for (const person of people) {
    const { data } = (await app.as(person).get('/reports?status=ready').expect(200)).body;
    expect(data).toHaveLength(2);
  }
  // a finished one was read at its own time
  await ask(app.as(people[9]!), { filter: orders[0] });
  expect(await files()).toHaveLength(7);
});

it('stops a run when the last of its askers cancels, and no sooner', async () => {
  const other = await createInstructor(app.database, tenant, { canViewAll: true });
  const third = await createInstructor(app.database, tenant, { canViewAll: true });
  const [one, two] = [await ask(app.as(other), {}), await ask(app.as(third), {})];
  const cancel = (who: Viewer, id: string) => app.as(who).post(`/reports/${id}/cancel`);
  expect((await cancel(other, one.id).expect(200)).body).toMatchObject({
    status: 'cancelled',
    links: { cancel: null },
  });
  expect(await files()).toMatchObject([{ status: 'queued' }]);
  expect(await get(third, two.id)).toMatchObject({ status: 'queued' });
  // two at once are one
  const both = await Promise.all([cancel(third, two.id), cancel(third, two.id), cancel(third, two.id)]);
  expect(both.map(({ status }) => status)).toEqual([200, 200, 200]);
  const [file] = await files();
  expect(file).toMatchObject({ status: 'cancelled' });
  expect(await write(file!.id)).toEqual({ fileId: file!.id, result: 'over' });
  const audit = await app.database.one<{ count: number }>(
    `-- test.cancelAudit
    select count(*) as count from audit_entries where tenant_id = $1 and action = 'report.cancelled'`,
    [tenant.tenantId],
  );
  expect(audit.count).toBe(2);
  // whoever asks now begins anew
  const anew = await ask(app.as(third), {});
  const [, fresh] = await files();
  await write(fresh!.id);
  expect((await cancel(third, anew.id).expect(409)).body.code).toBe('report_finished');
  await app.as(third).get(`/reports/${two.id}/download-link`).expect(409);
});

it('takes no more than so many unfinished reports, of one viewer and of a tenant', async () => {
  const client = app.as(instructor);
  const tries = await Promise.all(
    Array.from({ length: mostOfOwner + 5 }, (_, index) =>
      client.post('/reports').send({ kind: 'roster', format: 'csv', filter: { scoreMin: index } }),
    ),
  );
  expect(tries.filter(({ status }) => status === 202)).toHaveLength(mostOfOwner);
  const refused = tries.find(({ status }) => status === 429)!;
  expect(refused.body.code).toBe('reports_unfinished');
  expect(refused.headers['retry-after']).toBe('30');
  // what is being made already may be waited for
  const [waited] = tries.filter(({ status }) => status === 202);
  const joined = await ask(client, { filter: waited!.body.filter });
  await client.post(`/reports/${joined.id}/cancel`).expect(200);
  await client.post(`/reports/${tries.find(({ status }) => status === 202)!.body.id}/cancel`).expect(200);
  await ask(client, { filter: { scoreMin: 99 } });
  for (let count = mostOfOwner; count < mostOfTenant; count++) {
    if (count % mostOfOwner === 0) instructor = await createInstructor(app.database, tenant);
    await ask(app.as(instructor), { filter: { scoreMin: count } });
  }
  const late = await createInstructor(app.database, tenant);
  const { body } = await app.as(late).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(429);
  expect(body.detail).toBe('50 reports of this organisation are not finished yet.');
});

it('is listed newest first, page after page', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) {
    ids.unshift((await ask(app.as(instructor), { filter: { scoreMin: count } })).id);
    app.clock.advance(1);
  }
  const listed: string[] = [];
  for (let next = '/reports?limit=2'; next;) {
    const { body } = (await app.as(instructor).get(next).expect(200)) as {
      body: { data: ReportResponse[]; pagination: { nextCursor?: string } };
    };
    listed.push(...body.data.map(({ id }) => id));
    next = body.pagination.nextCursor ? `/reports?limit=2&cursor=${body.pagination.nextCursor}` : '';
  }
  expect(listed).toEqual(ids);
  const { pagination } = (await app.as(instructor).get('/reports?status=queued').expect(200)).body;
  expect(pagination).toMatchObject({ total: 5, totalIsEstimate: false });
});

it('fails at once, with a reason, for an owner who may no longer see it', async () => {
  const { id } = await ask(app.as(instructor), {});
  await app.database.run(
    `-- test.deactivate
    update users set is_active = false where tenant_id = $1 and id = $2`,
    [tenant.tenantId, instructor.userId],
  );
  const [file] = await files();
  expect(await write(file!.id)).toMatchObject({ result: 'failed' });
  expect(await get(instructor, id)).toMatchObject({
    status: 'failed',
    error: 'What it asks for is no longer yours to see.',
    links: { cancel: null, downloadLink: null },
  });
});

it('is refused where reports of the tenant fill what there is for them, but can be waited for', async () => {
  const old = await ask(app.as(instructor), { filter: { scoreMin: 1 } });
  const [file] = await files();
  await write(file!.id);
  const waited = await ask(app.as(instructor), { filter: { scoreMin: 2 } });
  const fill = (bytes: number): Promise<number> =>
    app.database.run(
      `-- test.fillStore
      update report_files set bytes = $3 where tenant_id = $1 and id = $2`,
      [tenant.tenantId, file!.id, bytes],
    );
  await fill(10_000_000_000);
  const refused = await app.as(instructor).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(429);
  expect(refused.body).toMatchObject({
    code: 'reports_too_large',
    detail: 'Reports of this organisation fill 10 GB, and no more are kept. The oldest go first, after 7 days.',
  });
  expect(refused.headers['retry-after']).toBe('600');
  expect((await ask(app.as(instructor), { filter: waited.filter })).status).toBe('queued');
  await ask(app.as('admin', await createTenant(app.database)), {});
  await fill(9_999_999_999);
  await ask(app.as(instructor), {});
  expect(await get(instructor, old.id)).toMatchObject({ status: 'ready', bytes: 9_999_999_999 });
});

it('is written by a queue of its own: an hour’s file holds up neither schedules nor mails', () => {
  const queue = queueOf(writeReport.name);
  expect(catalogue.filter(({ name }) => queueOf(name) === queue)).toEqual([writeReport]);
});

it('goes with its tenant', async () => {
  await ask(app.as(instructor), {});
  await write((await files())[0]!.id);
  await app.app.get(TenantRemovalRepository, { strict: false }).remove(tenant.tenantId);
  expect(await files()).toEqual([]);
});
