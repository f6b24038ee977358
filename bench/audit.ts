import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { type Actor, AuditRecorder } from '../src/audit/audit.recorder.js';
import { AuditSeals } from '../src/audit/seals.service.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database, type Statement } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { runWithRequest } from '../src/http/request.js';
import { Partitions } from '../src/operations/partitions.js';
import { createAdmin, createInstructor, createStudents, createTenant } from '../test/factories.js';
import { bringUpToDate } from '../src/up-to-date.js';
import type { Questions } from './client.js';
import { noLimits } from './load.js';
import { line, literal, pgbenchTimes } from './pgbench.js';
import { askAll, timesOf } from './times.js';

/**
 * What an entry costs the request that writes it, how many can be written and sealed in a second for as long as one likes,
 * and how long one waits for a page among ten million of them.
 */
const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '20' },
    only: { type: 'string', default: 'cost,rate,list' },
    // a tenant that an earlier run has filled
    filled: { type: 'string' },
  },
});
const limits = { costMs: 0.5, perSecond: 5_000, pageMs: 50 };
const seconds = Number(options.seconds);

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, ...noLimits, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const patient = { poolSize: 4, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 };
const owner = await connect({ ...patient, url: server.ownerUrl }, console.log);
const source = await connect(
  { url: server.url, poolSize: 20, pooler: false, applicationName: 'api', statementTimeoutSeconds: 30 },
  console.log,
);
const app = await createApp(config, { source, owner, listen: true });
const [recorder, seals] = [app.get(AuditRecorder, { strict: false }), app.get(AuditSeals, { strict: false })];
const database = app.get(Database, { strict: false });
const { signal } = new AbortController();
let failed = false;

async function people(count: number) {
  const loading = new Database(owner, { prepared: true });
  const slug = `bench-${randomUUID().slice(0, 8)}`;
  const tenant = await createTenant(loading, { slug });
  const admin = await createAdmin(loading, tenant);
  const instructor = await createInstructor(loading, tenant);
  const students = await createStudents(loading, instructor, Array(count).fill({}));
  // what has not been looked at yet is read in ways that a database in use would not choose
  await owner.query('analyze');
  return { slug, tenant, admin, instructor, students };
}

const entryOf = (studentId: string) => ({
  action: 'student.goals_changed',
  targetType: 'student',
  targetId: studentId,
  before: { weeklyMinutes: 60, note: 'As agreed in our talk on Monday' },
  after: { weeklyMinutes: 90, note: 'More time before the examination' },
});

const rounds = 4_000;

/** What an entry adds to the transaction that it belongs to, and to whole requests. */
async function measureCost(): Promise<void> {
  const { admin, instructor, students } = await people(rounds);
  const others = await people(1_000);
  const ids = students.map(({ userId }) => userId);
  const touch = (id: string): Promise<number> =>
    database.run('-- bench.touch\nupdate users set version = version + 1 where tenant_id = $1 and id = $2', [
      instructor.tenantId,
      id,
    ]);
  const kinds = {
    'that somebody was looked at': (targetId: string) => ({
      action: 'student.viewed',
      targetType: 'student',
      targetId,
    }),
    'with what changed of somebody': entryOf,
  };
  const { recordAll, foresee } = recorder;
  const nothing = async (): Promise<void> => {};
  const set = (isRecorded: boolean): unknown =>
    Object.assign(recorder, isRecorded ? { recordAll, foresee } : { recordAll: nothing, foresee: nothing });
  for (const [kind, entry] of Object.entries(kinds)) {
    await inTurns(`in a transaction ${kind}`, rounds, async (round, isRecorded) => {
      set(isRecorded);
      const id = ids[round]!;
      const request = {
        ...{ viewer: instructor, template: '/api/v1/students/:id', params: { id } },
        ...{ id: randomUUID(), ip: '192.0.2.7', headers: { 'user-agent': 'bench' } },
      };
      const work = async (): Promise<void> => {
        await touch(id);
        await recorder.record(instructor, entry(id));
      };
      const begun = performance.now();
      await new Promise<void>((done, fail) =>
        runWithRequest(request as never, () => void database.transaction(work).then(done, fail)),
      );
      return performance.now() - begun;
    });
  }

  const url = `${await app.getUrl()}/api/v1/users`;
  const client = fork(new URL('client.ts', import.meta.url));
  const ask = (as: typeof admin, connections: number, asked: Questions['asked']): Promise<number> => {
    const authorization = `Bearer ${app.get(TokensService).sign(as, { kind: 'identity' }, 86_400)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    return tell(client, { url, headers, connections, asked });
  };
  const change = (id: string): Questions['asked'][number] => ({
    method: 'PATCH',
    path: `/${id}`,
    body: JSON.stringify({ name: `Somebody ${randomUUID()}` }),
  });
  const look = (id: string): Questions['asked'][number] => ({ method: 'GET', path: `/${id}` });
  const requests = { 'that changes somebody': change, 'that looks at somebody': look };
  const atOnce = 8;
  for (const [kind, request] of Object.entries(requests)) {
    // as in a process that has been running for a while, but has never heard of those who are asked for next
    for (let turn = 0; turn < 10; turn++) {
      set(turn % 2 === 1);
      await ask(
        others.admin,
        2 * atOnce,
        others.students.map(({ userId }) => request(userId)),
      );
    }
    const isLook = request === look;
    const alone = await inTurns(
      `of a request ${kind}`,
      rounds,
      async (round, isRecorded) => {
        set(isRecorded);
        return ask(admin, 1, [request(ids[round]!)]);
      },
      !isLook,
    );
    await inTurns(`of each of ${atOnce} requests at once ${kind}`, 40, async (round, isRecorded) => {
      set(isRecorded);
      const some = ids.slice((round % 20) * 200, (round % 20) * 200 + 200);
      return (await ask(admin, atOnce, some.map(request))) / some.length;
    });
    if (isLook) await measureInsert(instructor, ids[0]!, 1_000 / alone);
  }
  client.kill();
}

/** @throws Error where the client has ended, as it does for an answer that is none */
function tell(client: ChildProcess, questions: Questions): Promise<number> {
  return new Promise((resolve, reject) => {
    const isGone = (): void => reject(new Error('the client has ended'));
    client.once('exit', isGone);
    client.once('message', (took) => {
      client.off('exit', isGone);
      resolve(took as number);
    });
    client.send(questions);
  });
}

/**
 * Whoever only looks begins no transaction, so that the entry comes with one, which is written to the disk: what that takes
 * where nothing else is done, as often a second. Faster ones are cheaper, since all that they need is still in the caches.
 */
async function measureInsert(actor: Actor, studentId: string, rate: number): Promise<void> {
  let statement: Statement | undefined;
  const { atCommit } = database;
  database.atCommit = async (prepare) => void (statement = await prepare());
  await recorder.record(actor, { action: 'student.viewed', targetType: 'student', targetId: studentId });
  database.atCommit = atCommit;
  const { sql, parameters } = statement!;
  const [tenantId, , , ...values] = parameters.map(literal);
  const script = line(sql, [tenantId!, 'now()', 'gen_random_uuid()', ...values]);
  const times = pgbenchTimes(server.url, [script], { connections: 1, seconds: 5, rate });
  if (times)
    console.log(`pgbench, the same insert ${rate.toFixed(0)} times a second: p50 ${timesOf(times).p50.toFixed(2)} ms`);
}

/**
 * The same with and without its entry, in turns, so that what else the machine does falls on both.
 * @param work answers how many milliseconds it took
 * @returns how long it takes with its entry, half of the time
 */
async function inTurns(
  name: string,
  turns: number,
  work: (turn: number, isRecorded: boolean) => Promise<number>,
  isLimited = true,
): Promise<number> {
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    const took = await work(turn, turn % 2 === 1);
    if (turn >= turns / 10) times[turn % 2]!.push(took);
  }
  const [without, with_] = [timesOf(times[0]), timesOf(times[1])];
  const cost = with_.p50 - without.p50;
  failed ||= isLimited && cost > limits.costMs;
  console.log(
    `an entry ${name} costs ${cost.toFixed(2)} ms${isLimited ? ` (limit ${limits.costMs})` : ''}: it takes ` +
      `${without.p50.toFixed(2)} ms without, ${with_.p50.toFixed(2)} with one; p95 ${without.p95.toFixed(2)} and ${with_.p95.toFixed(2)}`,
  );
  return with_.p50;
}

/** Written in transactions of one and of a hundred entries, and sealed beside it; what is left then is sealed, too. */
async function measureRate(size: number): Promise<void> {
  const { tenant, instructor, students } = await people(1_000);
  const end = performance.now() + seconds * 1000;
  let written = 0;
  const writer = async (): Promise<void> => {
    for (let next = 0; performance.now() < end; next++) {
      const entries = Array.from({ length: size }, (_, n) => entryOf(students[(next + n) % 1_000]!.userId));
      await database.transaction(() => recorder.record(instructor, entries));
      written += size;
    }
  };
  const sealer = async (): Promise<void> => {
    while (performance.now() < end) {
      await seals.seal(signal);
      await sleep(1_000);
    }
  };
  const begun = performance.now();
  await Promise.all([...Array.from({ length: 16 }, writer), sealer()]);
  await seals.seal(signal);
  const perSecond = (written * 1000) / (performance.now() - begun);
  const { fault } = await seals.verify(tenant.tenantId, {}, signal);
  if (fault) throw new Error(`the trail is not whole: ${JSON.stringify(fault)}`);
  failed ||= size > 1 && perSecond < limits.perSecond;
  console.log(
    `${size === 1 ? 'one entry' : `${size} entries`} in a transaction: ${perSecond.toFixed(0)} entries a second written and ` +
      `sealed${size > 1 ? ` (limit ${limits.perSecond})` : ''}, ${written} in all, and found whole`,
  );
}

/** Over the twelve months before, by 300 actors about 20,000 targets; a hundredth was refused. */
async function fill(count: number): Promise<Awaited<ReturnType<typeof people>>> {
  const made = await people(20_000);
  const { tenant, students, slug } = made;
  const to = new Date();
  const from = new Date(to.getTime() - 365 * 86_400_000);
  const days = [from, to].map((day) => day.toISOString().slice(0, 10)) as [string, string];
  await app.get(Partitions, { strict: false }).ensureMonths(...days, ['audit_entries']);
  const ids = students.map(({ userId }) => userId);
  const step = 250_000;
  // made once all entries are there, they take a quarter of the time
  const indexes: { name: string; definition: string }[] = await owner.query(`
    select indexrelid::regclass::text as name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as definition
    from pg_index where indrelid = 'audit_entries'::regclass and not indisprimary`);
  for (const { name } of indexes) await owner.query(`drop index ${name}`);
  for (let done = 0; done < count; done += step) {
    await owner.transaction(async (manager) => {
      // as a seal would have left it, which nobody reads here
      await manager.query('set local session_replication_role = replica; set local synchronous_commit = off');
      await manager.query(
        `insert into audit_entries (tenant_id, at, id, actor_id, actor_role, action, target_type, target_id, request_id, result,
          person_id, details, origin)
        select $1, $2::timestamptz + (n / $4::double precision) * ($3::timestamptz - $2::timestamptz), gen_random_uuid(), ids.list[1 + n % 300],
          'instructor', (array['student.viewed', 'student.goals_changed', 'submission.graded', 'sessions.recorded',
            'student.reassigned'])[1 + least(4, width_bucket(random(), 0, 1, 5) - 1)],
          case when n % 50000 = 0 then 'tenant' else 'student' end, person.id::text, gen_random_uuid()::text,
          case when n % 100 = 0 then 'refused' else 'done' end, person.id,
          decode(repeat(md5(n::text), 12), 'hex'), decode(repeat(md5(n::text), 8), 'hex')
        from generate_series($5::bigint, $6::bigint) as n, (select $7::uuid[]) as ids (list),
          lateral (select ids.list[1 + (n * 7919) % 20000] as id) as person`,
        [tenant.tenantId, from, to, count, done, Math.min(done + step, count) - 1, ids],
      );
    });
    process.stdout.write(`\r${Math.min(done + step, count)} of ${count} entries`);
  }
  process.stdout.write(` of the tenant ${slug}\n`);
  await owner.transaction(async (manager) => {
    await manager.query(`set local maintenance_work_mem = '512MB'`);
    for (const { definition } of indexes) await manager.query(definition);
  });
  await owner.query('analyze audit_entries');
  return made;
}

async function refind(
  slug: string,
): Promise<Pick<Awaited<ReturnType<typeof people>>, 'tenant' | 'admin' | 'students'>> {
  const rows: { tenantId: string; userId: string; role: string }[] = await owner.query(
    `select u.tenant_id as "tenantId", u.id as "userId", u.role from users u
    join tenants t on t.id = u.tenant_id where t.slug = $1 and u.role in ('admin', 'student') order by u.id`,
    [slug],
  );
  const of = (role: string) => rows.filter((row) => row.role === role) as never[];
  return {
    tenant: rows[0] as never,
    admin: Object.assign(of('admin')[0]!, { departmentId: null }),
    students: of('student'),
  };
}

async function measureList(count: number): Promise<void> {
  const { tenant, admin, students } = options.filled ? await refind(options.filled) : await fill(count);
  const url = `${await app.getUrl()}/api/v1`;
  const headers = { authorization: `Bearer ${app.get(TokensService).sign(admin, { kind: 'identity' }, 86_400)}` };
  const get = async (query: string) =>
    (await (await fetch(`${url}/audit-logs?${query}`, { headers })).json()) as {
      data: { requestId: string; at: string }[];
      pagination: { nextCursor?: string };
    };
  const [{ at }] = (await owner.query(
    'select at from audit_entries where tenant_id = $1 order by at offset $2 limit 1',
    [tenant.tenantId, Math.floor(count / 2)],
  )) as [{ at: string }];
  const sample = (await get('limit=100')).data;
  const middle = new Date(at).toISOString();
  const some = (length: number, query: (n: number) => string): string[] => Array.from({ length }, (_, n) => query(n));
  const questions: Readonly<Record<string, readonly string[]>> = {
    'the newest': ['limit=50'],
    'by actor': some(100, (n) => `limit=50&actorId=${students[n]!.userId}`),
    'by person': some(100, (n) => `limit=50&personId=${students[n * 97]!.userId}`),
    'by target': some(100, (n) => `limit=50&targetType=student&targetId=${students[n * 89]!.userId}`),
    'by action': ['limit=50&action=submission.graded'],
    'by a rare kind of target': ['limit=50&targetType=tenant'],
    'by a kind there is none of': ['limit=50&targetType=unicorn'],
    'refused ones': ['limit=50&result=refused'],
    'failed ones, of which there are none': ['limit=50&result=failed'],
    'refused ones of a rare kind': ['limit=50&result=refused&targetType=tenant'],
    'an action of a rare kind': ['limit=50&action=student.viewed&targetType=tenant'],
    'by actor and action': some(100, (n) => `limit=50&actorId=${students[n]!.userId}&action=student.viewed`),
    'by person, refused': some(100, (n) => `limit=50&personId=${students[n * 97]!.userId}&result=refused`),
    'by action and kind': ['limit=50&action=student.viewed&targetType=student'],
    'by request': sample.map(({ requestId }) => `limit=50&requestId=${requestId}`),
    'a period': [`limit=50&from=${middle}&to=${new Date(Date.parse(at) + 86_400_000).toISOString()}`],
    'before the middle': [`limit=50&to=${middle}`],
    'actor, action, period': some(
      100,
      (n) => `limit=50&actorId=${students[n]!.userId}&action=student.viewed&to=${middle}`,
    ),
  };
  for (const [name, queries] of Object.entries(questions)) {
    const calls = queries.map((query) => ({ path: `/audit-logs?${query}`, headers }));
    await report(name, calls);
  }
  await report('page after page of 100', await walk(`limit=100&to=${middle}`));
  await report(
    'page after page of two filters that never meet',
    await walk(`actorId=${students[1]!.userId}&result=refused`),
  );

  /** Up to a hundred pages, one behind the other. */
  async function walk(query: string): Promise<Parameters<typeof report>[1]> {
    const calls: { path: string; headers: typeof headers }[] = [];
    for (let page: string | undefined = query; page && calls.length < 100;) {
      calls.push({ path: `/audit-logs?${page}`, headers });
      const { nextCursor }: { nextCursor?: string } = (await get(page)).pagination;
      page = nextCursor && `${query}&cursor=${nextCursor}`;
    }
    return calls;
  }

  async function report(name: string, calls: readonly { path: string; headers: typeof headers }[]): Promise<void> {
    await askAll(url, calls, { connections: 1, seconds: 0.5 });
    const { p50, p95, count: asked } = timesOf(await askAll(url, calls, { connections: 1, seconds: 3 }));
    failed ||= p95 > limits.pageMs;
    console.log(`${name}: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)} ms (limit ${limits.pageMs}), ${asked} asked`);
  }
}

const parts = options.only.split(',');
if (parts.includes('cost')) await measureCost();
if (parts.includes('rate')) for (const size of [1, 100]) await measureRate(size);
if (parts.includes('list')) await measureList(Number(options.entries));
await app.close();
await source.destroy();
await owner.destroy();
await server.stop();
process.exitCode = failed ? 1 : 0;
