import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { until } from '../../test/jobs.js';
import { ask, csvRows, download, finished } from '../../test/reports.js';
import { readSheet } from '../../test/workbook.js';
import { startWorker } from '../../test/worker-process.js';
import type { Run } from '../jobs/job.js';
import { ReportFilesRepository } from './report-files.repository.js';
import { FileLost, ReportStore } from './report-store.js';
import { ReportsJobs } from './reports.jobs.js';
import type { ReportResponse } from './reports.dto.js';

jest.setTimeout(300_000);

/** Several parts of CSV. */
const studentCount = 16_000;

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  app = await startApp({ now: new Date().toISOString() });
  tenant = await createTenant(app.database, { timeZone: 'Etc/UTC' });
  instructor = await createInstructor(app.database, tenant);
  for (let count = 0; count < studentCount; count += 1_000) {
    await createStudents(app.database, instructor, Array(1_000).fill({}));
  }
  await app.database.run('-- test.analyze\nanalyze');
});
afterEach(async () => {
  for (const worker of workers.splice(0)) if (worker.kill('SIGKILL')) await once(worker, 'close');
  await app.database.run('-- test.undisturb\ndrop trigger if exists disturb on report_parts');
});
afterAll(() => app.stop());

/** One that is ended with the tests. */
function newWorker(): ChildProcess {
  const worker = startWorker(app);
  workers.push(worker);
  return worker;
}

/** What happens whenever a part is stored. */
async function disturb(body: string): Promise<void> {
  await app.database.run(
    `-- test.disturb
    create or replace function disturb() returns trigger language plpgsql as $$ begin ${body}; return new; end $$`,
  );
  await app.database.run(
    `-- test.disturbParts
    create or replace trigger disturb before insert on report_parts for each row execute function disturb()`,
  );
}

const parts = (id: string): Promise<{ number: number }[]> =>
  app.database.many<{ number: number }>(
    `-- test.reportParts
    select p.number from report_parts p join reports r on r.tenant_id = p.tenant_id and r.file_id = p.file_id
    where r.tenant_id = $1 and r.id = $2 order by p.number`,
    [tenant.tenantId, id],
  );
const fileOf = async (id: string): Promise<string> => {
  const { fileId } = await app.database.one<{ fileId: string }>(
    `-- test.fileOfReport
    select file_id as "fileId" from reports where tenant_id = $1 and id = $2`,
    [tenant.tenantId, id],
  );
  return fileId;
};
const get = async (id: string): Promise<ReportResponse> => (await app.as(instructor).get(`/reports/${id}`)).body;

/** As the queue has it done, in this process. */
function write(fileId: string, attempt = 1): Promise<unknown> {
  const run: Run = {
    job: 'reportfiles.write-file',
    tenantId: tenant.tenantId,
    key: tenant.tenantId,
    occasion: `test-${fileId}`,
    payload: { fileId },
    attempt,
    signal: new AbortController().signal,
  };
  return app.app.get(ReportsJobs, { strict: false }).writeFile(run);
}

/** What happens every ten minutes. */
function clearAway(): Promise<unknown> {
  const run: Run = {
    job: 'reports.expire-files',
    tenantId: null,
    key: '',
    occasion: 'tick',
    payload: {},
    attempt: 1,
    signal: new AbortController().signal,
  };
  return app.app.get(ReportsJobs, { strict: false }).expireFiles(run);
}

it('leaves, killed in the middle, what another worker completes to the bytes of an undisturbed one', async () => {
  const client = app.as(instructor);
  // a second for each part: time to be killed in
  await disturb('perform pg_sleep(1)');
  const asked = await ask(client, {});
  newWorker();
  await until(() => parts(asked.id));
  const worker = workers.pop()!;
  worker.kill('SIGKILL');
  await once(worker, 'close');
  // what it was about to store is undone with its connection
  await sleep(1_500);
  const left = (await parts(asked.id)).length;
  expect(left).toBeGreaterThan(0);
  expect(await get(asked.id)).toMatchObject({ status: 'running', attempts: 1 });
  await client.get(`/reports/${asked.id}/download-link`).expect(409);

  newWorker();
  let report: ReportResponse | undefined;
  for (let tries = 0; tries < 2_000 && report?.status !== 'ready'; tries++) {
    await sleep(100);
    report = await get(asked.id);
  }
  expect(report).toMatchObject({ status: 'ready', attempts: 2, rows: studentCount, progress: 100, error: null });
  const resumed = await download(app, client, asked.id);
  const undisturbed = await ask(client, {});
  await finished(client, undisturbed.id);
  expect((await download(app, client, undisturbed.id)).equals(resumed)).toBe(true);
  expect(new Set(csvRows(resumed).map(([id]) => id)).size).toBe(studentCount + 1);
});

it('begins a workbook anew', async () => {
  const client = app.as(instructor);
  const { id } = await ask(client, { format: 'xlsx' });
  const fileId = await fileOf(id);
  await app.database.run(
    `-- test.leaveHalf
    with file as (
      update report_files set status = 'running', attempts = 1, rows = 700, bytes = 4, parts = 1, progress = 6
      where tenant_id = $1 and id = $2 returning tenant_id, id
    )
    insert into report_parts (tenant_id, file_id, number, content) select tenant_id, id, 0, 'half' from file`,
    [tenant.tenantId, fileId],
  );
  expect(await write(fileId)).toEqual({ fileId, rows: studentCount });
  expect(await get(id)).toMatchObject({ status: 'ready', rows: studentCount, attempts: 2 });
  expect(readSheet(await download(app, client, id))).toHaveLength(studentCount + 1);
});

it('deletes nothing that another worker has stored', async () => {
  const { id } = await ask(app.as(instructor), { format: 'xlsx' });
  const fileId = await fileOf(id);
  const late = (await app.app
    .get(ReportFilesRepository, { strict: false })
    .begin(tenant.tenantId, fileId, 'test', app.clock.now()))!;
  expect(await write(fileId)).toEqual({ fileId, rows: studentCount });
  const clear = app.app.get(ReportStore, { strict: false }).clear(late, new AbortController().signal);
  await expect(clear).rejects.toBeInstanceOf(FileLost);
  expect(readSheet(await download(app, app.as(instructor), id))).toHaveLength(studentCount + 1);
});

it('writes nothing on when another worker has taken over', async () => {
  const { id } = await ask(app.as(instructor), {});
  const fileId = await fileOf(id);
  await disturb('perform pg_sleep(0.3)');
  const [one, other] = await Promise.all([write(fileId), sleep(500).then(() => write(fileId))]);
  expect(one).toEqual({ fileId, result: 'lost' });
  expect(other).toEqual({ fileId, rows: studentCount });
  const { body } = await app.as(instructor).get(`/reports/${id}`);
  expect(body).toMatchObject({ status: 'ready', rows: studentCount });
  expect(csvRows(await download(app, app.as(instructor), id))).toHaveLength(studentCount + 1);
});

it('goes on after a part that is being stored while another worker takes over', async () => {
  const { id } = await ask(app.as(instructor), {});
  const fileId = await fileOf(id);
  await disturb('perform pg_sleep(1)');
  const one = write(fileId);
  await until(() =>
    app.database.many<{ pid: number }>(
      `-- test.storing
      select pid from pg_stat_activity
      where datname = current_database() and wait_event = 'PgSleep' and query like '%reports.storePart%'`,
    ),
  );
  // waits for the row, and is told how many parts there are
  const other = write(fileId);
  expect(await Promise.all([one, other])).toEqual([
    { fileId, result: 'lost' },
    { fileId, rows: studentCount },
  ]);
  expect(csvRows(await download(app, app.as(instructor), id))).toHaveLength(studentCount + 1);
});

it('stops when it is cancelled, and leaves nothing', async () => {
  const client = app.as(instructor);
  await disturb('perform pg_sleep(0.8)');
  const { id } = await ask(client, {});
  const fileId = await fileOf(id);
  const run = write(fileId);
  await until(() => parts(id));
  await client.post(`/reports/${id}/cancel`).expect(200);
  expect(await run).toEqual({ fileId, result: 'lost' });
  expect(await get(id)).toMatchObject({ status: 'cancelled', links: { downloadLink: null } });
  await client.get(`/reports/${id}/download-link`).expect(409);
  expect(await clearAway()).toMatchObject({ emptied: 1 });
  expect(await parts(id)).toEqual([]);
  expect(await clearAway()).toMatchObject({ emptied: 0 });
});

it('is tried again while there is no room, goes on where it was, and says why it waits', async () => {
  const client = app.as(instructor);
  await disturb(`if new.number > 0 then raise exception 'no space left on device' using errcode = '53100'; end if`);
  const { id } = await ask(client, {});
  newWorker();
  await until(async () => ((await get(id)).error === null ? [] : [true]));
  expect(await get(id)).toMatchObject({
    status: 'queued',
    attempts: 1,
    rows: expect.any(Number),
    error: 'There is no room left to store it.',
  });
  await app.database.run('-- test.makeRoom\ndrop trigger disturb on report_parts');
  expect(await finished(client, id)).toMatchObject({ status: 'ready', attempts: 2, rows: studentCount, error: null });
});

it('fails with a plain reason when the fault does not pass, or never could, and nothing of it is kept', async () => {
  const client = app.as(instructor);
  await disturb(`if new.number > 0 then raise exception 'secret' using errcode = '53100'; end if`);
  const full = await ask(client, {});
  expect(await write(await fileOf(full.id), 6)).toMatchObject({ result: 'failed' });
  await disturb(`if new.number > 0 then raise exception 'secret'; end if`);
  const broken = await ask(client, {});
  expect(await write(await fileOf(broken.id))).toMatchObject({ result: 'failed' });
  for (const [id, error] of [
    [full.id, 'There is no room left to store it.'],
    [broken.id, 'A fault of ours, which is on record.'],
  ] as const) {
    expect(await get(id)).toMatchObject({ status: 'failed', error });
    await client.get(`/reports/${id}/download-link`).expect(409);
  }
  expect(await clearAway()).toMatchObject({ emptied: 2 });
  for (const { id } of [full, broken]) expect(await parts(id)).toEqual([]);
});

it('gives up what no job writes, which held up all who asked the same', async () => {
  const client = app.as(instructor);
  const filter = { scoreMin: 77 };
  const [queued, running] = [await ask(client, { filter }), await ask(client, { filter, format: 'jsonl' })];
  await app.database.run(
    `-- test.loseJob
    update report_files set status = 'running', attempts = 1, occasion = 'outbox-none', started_at = created_at
    where tenant_id = $1 and id = $2`,
    [tenant.tenantId, await fileOf(running.id)],
  );
  app.clock.advance(86_399);
  expect(await clearAway()).toMatchObject({ failed: 0 });
  app.clock.advance(2);
  expect(await clearAway()).toMatchObject({ failed: 2 });
  for (const { id } of [queued, running]) expect(await get(id)).toMatchObject({ status: 'failed' });
  const anew = await ask(client, { filter });
  expect(await write(await fileOf(anew.id))).toMatchObject({ rows: 0 });
});

it('clears away what is over, and what no worker will finish', async () => {
  const client = app.as(instructor);
  const [old, given] = [await ask(client, {}), await ask(client, { format: 'jsonl' })];
  await write(await fileOf(old.id));
  expect((await parts(old.id)).length).toBeGreaterThan(1);
  const fileId = await fileOf(given.id);
  await app.database.run(
    `-- test.giveUp
    with file as (
      update report_files set status = 'running', attempts = 4, occasion = 'outbox-0' where tenant_id = $1 and id = $2
    )
    insert into job_runs (tenant_id, job, occasion, key, exclusive, status, attempt, queued_at)
    values ($1, 'reportfiles.write-file', 'outbox-0', '', true, 'failed', 4, now())`,
    [tenant.tenantId, fileId],
  );
  expect(await clearAway()).toEqual({ failed: 1, expired: 0, emptied: 0, forgotten: 0 });
  expect(await get(given.id)).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('begun several times'),
  });
  app.clock.advance(7 * 86_400 + 1);
  const { expired } = (await clearAway()) as { expired: number };
  expect(expired).toBeGreaterThan(0);
  expect(await parts(old.id)).toEqual([]);
  expect(await get(old.id)).toMatchObject({ status: 'expired' });
  await client.get(`/reports/${old.id}/download-link`).expect(410);
  app.clock.advance(90 * 86_400);
  const { forgotten } = (await clearAway()) as { forgotten: number };
  expect(forgotten).toBeGreaterThan(1);
  for (const { id } of [old, given]) await client.get(`/reports/${id}`).expect(404);
});
