import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { createDataSource } from '../../ormconfig.js';
import { startApp, type TestApp } from '../../test/app.js';
import { expectDerived } from '../../test/derived.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudents,
  createTenant,
  serviceIdOf,
} from '../../test/factories.js';
import { localDate, type SentSession, type Universe } from '../../test/recomputed.js';

jest.setTimeout(180_000);

const path = '/api/v1/activity/sessions';
const minute = 60_000;
const noneClosed = '0001-01-01';

interface Answer {
  readonly status: number;
  readonly results: readonly { readonly id: string; readonly status: string }[];
}

let app: TestApp;
let tenantId: string;
let universe: Universe;
let authorization: string;

/** It is about noon in the tenant: no test of a few minutes meets midnight. */
function zoneAtNoon(): string {
  const offset = 12 - new Date().getUTCHours();
  return offset === 0 ? 'Etc/GMT' : `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
}

beforeEach(async () => {
  app = await startApp();
  const timeZone = zoneAtNoon();
  const tenant = await createTenant(app.database, { timeZone });
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, [{}, {}, {}, {}]);
  const practice = await createModule(app.database, await createCategory(app.database, tenant));
  tenantId = tenant.tenantId;
  universe = {
    timeZone,
    capSeconds: 7_200,
    modules: [practice],
    students: students.map(({ userId }) => ({ userId, instructorId: instructor.userId })),
  };
  const userId = serviceIdOf(tenant);
  authorization = `Bearer ${app.token({ tenantId, userId, role: 'service', departmentId: null })}`;
});
afterEach(() => app.stop());

/** Two versions of each session, on other days and with other scores, one after the other. */
function newSessions(count: number): SentSession[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const id = uuidv7();
    return [0, 1].map((version): SentSession => {
      const end = now - ((index * 7 + version * 3) % 30) * 1_440 * minute - (index % 50) * 5 * minute;
      return {
        id,
        studentId: universe.students[index % universe.students.length]!.userId,
        moduleId: universe.modules[0]!.moduleId,
        status: 'completed',
        score: (index * 13 + version * 31) % 101,
        questions: 10,
        correct: (index + version) % 11,
        startedAt: new Date(end - (10 + (index % 30)) * minute).toISOString(),
        completedAt: new Date(end).toISOString(),
        updatedAt: new Date(now - minute + version * 1000).toISOString(),
      };
    });
  }).flat();
}

async function post(url: string, sessions: readonly SentSession[]): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify({ sessions }) });
  const body = (await response.json()) as Partial<Answer>;
  return { status: response.status, results: body.results ?? [] };
}

async function storedOf(sent: readonly SentSession[]): Promise<SentSession[]> {
  const rows = await app.database.many<{ id: string; updatedAt: string }>(
    `-- test.storedKeys
    select session_id as id, updated_at as "updatedAt" from session_keys where tenant_id = $1`,
    [tenantId],
  );
  const stored = new Map(rows.map(({ id, updatedAt }) => [id, Date.parse(updatedAt)]));
  return sent.filter(({ id, updatedAt }) => stored.get(id) === Date.parse(updatedAt));
}

const expectConsistent = (sent: readonly SentSession[]): Promise<void> => {
  const today = localDate(universe.timeZone, Date.now());
  return expectDerived(app.database, tenantId, universe, sent, { today, closedBefore: noneClosed });
};

async function startServer(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--import', './test/typescript.js', 'src/main.ts'], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      PORT: '0',
      ...app.db.environment,
      DATA_DIR: app.config.dataDir,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (let attempt = 0; attempt < 3_000; attempt++) {
    const url = /"url":"([^"]+)"/.exec(output)?.[1];
    if (url) return { child, url };
    if (child.exitCode !== null) break;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not start: ${output}`);
}

it('loses nothing that was accepted, and counts nothing twice, when its process is killed', async () => {
  const sent = newSessions(1_500);
  const batches = Array.from({ length: sent.length / 10 }, (_, index) => sent.slice(index * 10, index * 10 + 10));
  const acknowledged = new Set<string>();
  let next = 0;
  let cut = 0;
  for (let kill = 1; kill <= 3; kill++) {
    const { child, url } = await startServer();
    const exit = once(child, 'close');
    const killAt = kill * 50;
    const write = async (): Promise<void> => {
      while (next < batches.length) {
        const batch = batches[next++]!;
        try {
          const { status, results } = await post(url, batch);
          expect(status).toBe(200);
          results.forEach(({ status: result }, index) => {
            expect(result).not.toBe('rejected');
            acknowledged.add(`${batch[index]!.id} ${batch[index]!.updatedAt}`);
          });
        } catch (error) {
          // not instanceof: fetch belongs to another realm than the tests
          if ((error as Error).name !== 'TypeError') throw error;
          cut += 1;
          return;
        }
        if (next >= killAt) child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => write())).finally(() => child.kill('SIGKILL'));
    await exit;
    // whatever had reached the database may still be finishing there
    for (let tries = 0; tries < 200 && (await backends()) > 0; tries++) await sleep(20);

    const stored = await storedOf(sent);
    const newest = new Map(stored.map(({ id, updatedAt }) => [id, updatedAt]));
    for (const [id, updatedAt] of [...acknowledged].map((one) => one.split(' ') as [string, string])) {
      expect(newest.get(id)! >= updatedAt).toBe(true);
    }
    await expectConsistent(stored);
  }
  expect(cut).toBeGreaterThan(3);

  const { child, url } = await startServer();
  try {
    for (const again of [sent, sent]) {
      for (let from = 0; from < again.length; from += 500) {
        expect((await post(url, again.slice(from, from + 500))).status).toBe(200);
      }
      await expectConsistent(sent);
    }
  } finally {
    child.kill('SIGKILL');
  }
});

/** Connections of the killed process. */
async function backends(): Promise<number> {
  const { count } = await app.database.one<{ count: number }>(
    `-- test.backends
    select count(*) from pg_stat_activity where datname = current_database() and application_name = 'api'`,
  );
  return count;
}

/** A way to the database that can be cut. */
async function startProxy(target: URL): Promise<{ url: string; cut(): Promise<void>; open(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on('close', () => (sockets.delete(socket), other.destroy())).on('error', () => undefined);
        socket.pipe(other);
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as { port: number };
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: async () => void (server = await listen(port)),
  };
}

it('answers 503 while the database is gone, and goes on by itself when it is back', async () => {
  const proxy = await startProxy(new URL(app.db.applicationUrl));
  const onPoolError = (): void => undefined;
  const options = { url: proxy.url, poolSize: 5, pooler: false, applicationName: 'behind-proxy', onPoolError };
  const source = await createDataSource(options).initialize();
  const behind = await startApp({ db: app.db, source });
  behind.clock.set(new Date().toISOString());
  try {
    const sent = newSessions(20);
    expect((await post(behind.url, sent.slice(0, 10))).status).toBe(200);

    // a request that is under way when the connection goes
    const holder = app.db.source.createQueryRunner();
    await holder.startTransaction();
    await holder.query('select from student_progress where tenant_id = $1 for update', [tenantId]);
    const underWay = post(behind.url, sent.slice(10, 20));
    for (let tries = 0; tries < 200; tries++) {
      // not by the holder, whose transaction knows of the connections of its first look alone
      const [{ waiting }] = (await app.db.source.query(
        `select count(*)::int as waiting from pg_stat_activity
        where application_name = 'behind-proxy' and wait_event_type = 'Lock' and datname = current_database()`,
      )) as [{ waiting: number }];
      if (waiting > 0) break;
      await sleep(10);
    }
    await proxy.cut();
    expect((await underWay).status).toBe(503);
    await holder.rollbackTransaction();
    await holder.release();

    const headers = { 'content-type': 'application/json', authorization };
    const body = JSON.stringify({ sessions: sent.slice(20) });
    const response = await fetch(behind.url + path, { method: 'POST', headers, body });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    await expectConsistent(sent.slice(0, 10));

    await proxy.open();
    const { status, results } = await post(behind.url, sent);
    expect(status).toBe(200);
    expect(results.map((result) => result.status)).not.toContain('rejected');
    await expectConsistent(sent);
  } finally {
    await behind.stop();
    await source.destroy();
    await proxy.cut().catch(() => undefined);
  }
});
