import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant } from '../../test/factories.js';
import { untilCounted } from '../../test/worker-process.js';
import { FanOut } from './fan-out.service.js';

jest.setTimeout(300_000);

let app: TestApp;
const children: ChildProcess[] = [];

beforeAll(async () => {
  app = await startApp();
});
afterAll(async () => {
  for (const child of children) if (child.kill('SIGKILL')) await once(child, 'close');
  await app.stop();
});

/** A process of its own that fans out until it is through, or killed. */
function startProcess(tenantId: string, messageId: string): ChildProcess {
  const env = { NODE_OPTIONS: '', NODE_ENV: 'test', LOG_LEVEL: 'silent', CACHE: 'off', PORT: '0' };
  const child = spawn(
    process.execPath,
    ['--import', './test/typescript.js', 'test/fan-out-process.ts', tenantId, messageId],
    { env: { ...process.env, ...env, ...app.db.environment, DATA_DIR: app.config.dataDir }, stdio: 'ignore' },
  );
  children.push(child);
  return child;
}

/** What a chunk writes to; each process gets as far as one of them. */
const tables = ['threads', 'message_recipients', 'deliveries', 'outbox', 'messages'] as const;

it('leaves everybody with exactly one, however often its process is killed', async () => {
  const tenant = await createTenant(app.database);
  const { tenantId } = tenant;
  const instructor = await createInstructor(app.database, tenant);
  await createStudents(app.database, instructor, Array(7_500).fill({}));
  await app.database.run('-- test.analyze\nanalyze');
  const sent = await app
    .as(instructor)
    .post('/messages')
    .send({ subject: 'Hello {{firstName}}', body: 'How are you?', to: { filter: {} } })
    .expect(201);
  const { id } = sent.body as { id: string };
  const fanOut = app.app.get(FanOut, { strict: false });
  const next = () => fanOut.next(tenantId, id, app.clock.now());
  const counted = (): Promise<{ rows: number; people: number; deliveries: number; threads: number; events: number }> =>
    app.database.one(
      `-- test.countFannedOut
      select count(*) as rows, count(distinct user_id) as people,
        (select count(*) from deliveries where tenant_id = $1) as deliveries,
        (select count(*) from threads where tenant_id = $1) as threads,
        (select count(*) from outbox where tenant_id = $1 and topic = 'messages.received') as events
      from message_recipients where tenant_id = $1`,
      [tenantId],
    );
  const waiting = (table: string): Promise<{ count: number }> =>
    app.database.one(
      `-- test.countWaiting
      select count(*) as count from pg_locks where relation = $1::regclass and mode = 'RowExclusiveLock' and not granted`,
      [table],
    );
  const all = (count: number) => ({ rows: count, people: count, deliveries: count, threads: count, events: count });

  for (const [killed, table] of tables.entries()) {
    await app.database.transaction(async () => {
      await app.database.run(`-- test.holdTable\nlock table ${table} in share mode`);
      const child = startProcess(tenantId, id);
      // asked within the transaction, which would otherwise be taken for a forgotten one
      await untilCounted(() => waiting(table), 1);
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    expect(await counted()).toEqual(all(killed * 1_000));
    // somebody else goes on
    expect(await next()).toBe(true);
    expect(await counted()).toEqual(all((killed + 1) * 1_000));
  }
  // and so do two at once
  const through = async (): Promise<void> => {
    while (await next());
  };
  await Promise.all([through(), through()]);
  expect(await counted()).toEqual(all(7_500));
  const { body } = await app.as(instructor).get(`/messages/${id}`).expect(200);
  expect(body).toMatchObject({ status: 'sent', wanted: 7_500, queued: 0, withheld: 0 });
});
