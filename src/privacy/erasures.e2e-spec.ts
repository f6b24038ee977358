import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { startApp, type TestApp } from '../../test/app.js';
import { v7 as uuidv7 } from 'uuid';
import { createInstructor, createStudent, createTenant, sessionBody } from '../../test/factories.js';
import { dyingAfter, everythingIn, foundIn, type Life, live, marks } from '../../test/lives.js';
import { deliver, runOf } from '../../test/messages.js';
import { freePort, hasRedis, startRedis } from '../../test/redis.js';
import { AuditSeals } from '../audit/seals.service.js';
import { Cache } from '../cache/cache.js';
import type { ErasureResponse } from './erasures.dto.js';
import { PrivacyJobs } from './privacy.jobs.js';

let app: TestApp;
let life: Life;
let redis: ChildProcess | undefined;
let redisUrl = '';

beforeAll(async () => {
  if (!hasRedis) return;
  const port = await freePort();
  redis = await startRedis(port);
  redisUrl = `redis://127.0.0.1:${port}`;
});
afterAll(async () => {
  if (!redis) return;
  redis.kill('SIGKILL');
  await once(redis, 'exit');
});
beforeEach(async () => {
  const environment: Record<string, string> = redis ? { CACHE: 'redis', REDIS_URL: redisUrl } : {};
  app = await startApp({ environment });
  life = await live(app);
});
afterEach(() => app.stop());

const sought = Object.values(marks);
const ask = async (personId = life.student.userId, status = 202): Promise<ErasureResponse> => {
  const body = { personId, reason: `A letter of ${marks.name}` };
  return (await app.as(life.admin).post('/privacy/erasures').send(body).expect(status)).body as ErasureResponse;
};
const jobs = (): PrivacyJobs => app.app.get(PrivacyJobs, { strict: false });
const runJob = () => jobs().erase(runOf(null, ''));
const shown = async (id: string): Promise<ErasureResponse> =>
  (await app.as(life.admin).get(`/privacy/erasures/${id}`).expect(200)).body as ErasureResponse;
/** From the request to the end. */
const erase = async (personId?: string): Promise<string> => {
  const { id } = await ask(personId);
  app.clock.advance(14 * 86_400);
  await runJob();
  app.clock.advance(600);
  await runJob();
  expect(await shown(id)).toMatchObject({ status: 'done', reason: '' });
  return id;
};
const inRedis = (): Promise<string> => everythingIn(redisUrl);
/** Everything that the audit tells administrators. */
const audited = async (): Promise<string> => {
  const pages: unknown[] = [];
  for (let cursor: string | undefined = '', more = true; more;) {
    const query: object = { limit: 100, ...(cursor && { cursor }) };
    const { body } = await app.as(life.admin).get('/audit-logs').query(query).expect(200);
    const { data, pagination } = body as { data: unknown[]; pagination: { hasNext: boolean; nextCursor?: string } };
    pages.push(data);
    ({ nextCursor: cursor, hasNext: more } = pagination);
  }
  return JSON.stringify(pages);
};

/** Where there is something to be found before. */
const places = [
  'users', 'student_progress', 'student_search', 'user_identities', 'bounces', 'sessions', 'submissions', 'attempts',
  'grade_changes', 'accommodations', 'interventions', 'intervention_entries', 'messages', 'threads', 'message_recipients',
  'segments', 'report_files', 'report_schedules', 'idempotency_keys', 'notifications', 'live_events', 'job_runs',
  'preferences', 'assignments',
]; // prettier-ignore

describe('an erasure', () => {
  it('leaves a person nowhere: in no table, no queue, no cache', async () => {
    const before = await foundIn(app, sought);
    const tables = new Set(before.map((table) => table.replace(/_(default|\d{4}_\d\d)$/, '')));
    expect(places.filter((table) => !tables.has(table))).toEqual([]);
    const { id: fileId } = await askForAccess();
    if (redis) await fillRedis();
    expect(await audited()).toContain(marks.name);
    const seals = app.app.get(AuditSeals, { strict: false });
    const sealed = await seals.seal(new AbortController().signal);
    expect(sealed).toBeGreaterThan(20);
    await erase();
    await seals.seal(new AbortController().signal);
    expect(await foundIn(app, [...sought, 'Quillfeather', 'Xanthippe'])).toEqual([]);
    if (redis) expect(await inRedis()).not.toMatch(/quillfeather|qx77/);
    await app.as(life.admin).get(`/privacy/access-requests/${fileId}/file?format=json`).expect(410);
    expect(await countParts()).toBe(0);
    const { body } = await app.as(life.admin).post('/audit/verify').send({}).expect(200);
    expect(body).toMatchObject({ fault: null, lastSeal: 2 });
    const logs = await app.as(life.admin).get(`/audit-logs?actorId=${life.student.userId}`).expect(200);
    expect((logs.body as { data: object[] }).data).toContainEqual(
      expect.objectContaining({ action: 'attempt.submitted', address: null, agent: null, erased: true }),
    );
    expect(await audited()).not.toMatch(/Quillfeather|qx77/i);
  });

  it('waits, can be cancelled until then, and is one however often it is asked for', async () => {
    const erasure = await ask();
    expect(erasure).toMatchObject({ status: 'waiting', dueAt: '2026-03-16T08:00:00Z', heldBy: null });
    expect(await Promise.all([ask(), ask()])).toMatchObject([{ id: erasure.id }, { id: erasure.id }]);
    app.clock.set('2026-03-16T07:59:00Z');
    expect(await runJob()).toMatchObject({ begun: 0 });
    expect(await name()).toBe(marks.name);
    const cancel = () => app.as(life.admin).post(`/privacy/erasures/${erasure.id}/cancel`).send();
    await cancel().expect(200);
    expect((await cancel().expect(200)).body).toMatchObject({
      status: 'cancelled',
      cancelledAt: '2026-03-16T07:59:00Z',
    });
    app.clock.set('2026-03-17T08:00:00Z');
    await runJob();
    expect(await name()).toBe(marks.name);
    const again = await ask();
    expect(again.id).not.toBe(erasure.id);
    const list = await app.as(life.admin).get('/privacy/erasures?status=waiting&page=1').expect(200);
    expect(list.body).toMatchObject({ data: [{ id: again.id }], pagination: { total: 1 } });
    await erase();
    const late = await app.as(life.admin).post(`/privacy/erasures/${again.id}/cancel`).send().expect(409);
    expect(late.body).toMatchObject({ code: 'erasure_begun' });
    expect(await audited()).toMatch(/erasure\.finished.*erasure\.begun.*erasure\.requested.*erasure\.cancelled/);
  });

  it('begins at once where the organisation waits for nothing', async () => {
    await app.as(life.admin).patch('/settings').send({ erasureWaitingDays: 0 }).expect(200);
    const { id } = await ask();
    expect(await runJob()).toMatchObject({ begun: 1 });
    expect(await shown(id)).toMatchObject({ status: 'running' });
    expect(await name()).toBe('Erased person');
    await app.as(life.admin).patch('/settings').send({ erasureWaitingDays: 91 }).expect(400);
  });

  it('is for administrators, of their own organisation', async () => {
    const body = { personId: life.student.userId, reason: 'A letter' };
    for (const viewer of [life.student, life.instructor])
      await app.as(viewer).post('/privacy/erasures').send(body).expect(403);
    await app.as('service', life.tenant).post('/privacy/erasures').send(body).expect(403);
    const { id } = await ask();
    const stranger = app.as('admin', await createTenant(app.database));
    await stranger.post('/privacy/erasures').send(body).expect(404);
    await stranger.get(`/privacy/erasures/${id}`).expect(404);
    await stranger.post(`/privacy/erasures/${id}/cancel`).send().expect(404);
    expect((await stranger.get('/privacy/erasures').expect(200)).body).toMatchObject({ data: [] });
    await app.as(life.admin).post('/privacy/erasures').send({ personId: life.student.userId }).expect(400);
  });

  it('is stopped by a legal hold, before it is asked for and when it is due', async () => {
    const hold = async (body: object): Promise<string> =>
      ((await app.as(life.admin).post('/legal-holds').send({ reason: 'A lawsuit', ...body }).expect(201)).body as { id: string }).id; // prettier-ignore
    const lift = (id: string) =>
      app.as(life.admin).post(`/legal-holds/${id}/lift`).send({ reason: 'Over' }).expect(200);
    const all = await hold({ category: 'messages' });
    expect(await ask(life.student.userId, 409)).toMatchObject({ code: 'legal_hold' });
    await lift(all);
    const { id } = await ask();
    const one = await hold({ personId: life.student.userId });
    app.clock.set('2026-03-17T08:00:00Z');
    expect(await runJob()).toMatchObject({ held: 1 });
    expect(await shown(id)).toMatchObject({ status: 'waiting', heldBy: 'legal_hold' });
    expect(await name()).toBe(marks.name);
    await lift(one);
    expect(await runJob()).toMatchObject({ begun: 1 });
    expect(await shown(id)).toMatchObject({ status: 'running', heldBy: null });
  });

  it('waits for an instructor to have no students, and for another administrator', async () => {
    const refused = await ask(life.instructor.userId, 409);
    expect(refused).toMatchObject({
      code: 'students_assigned',
      detail: '2 active students are on this roster. Reassign them first.',
    });
    const other = await createInstructor(app.database, life.tenant, { name: 'Otto Substitute' });
    for (const { userId } of [life.student, life.classmate]) {
      await app.as(life.admin).put(`/students/${userId}/instructor`).send({ instructorId: other.userId }).expect(204);
    }
    await erase(life.instructor.userId);
    expect(await foundIn(app, [life.instructor.name, life.instructor.email])).toEqual([]);
    // the conversation is still there for the student
    const { body } = await app.as(life.student).get(`/threads/${life.threadId}/messages`).expect(200);
    expect((body as { data: object[] }).data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ body: `Yours, ${marks.name}` }),
        expect.objectContaining({ body: 'This text was removed.', senderName: 'Erased person' }),
      ]),
    );
    await app.as(life.admin).post(`/users/${life.tenant.tenantId}/deactivate`).send().expect(200);
    expect(await ask(life.admin.userId, 409)).toMatchObject({ code: 'admin_last' });
  });
});

describe('whoever is erased', () => {
  it('cannot come back under the same row', async () => {
    const { userId } = life.student;
    const users = app.as(life.admin);
    const { body: unwritten } = await users.post('/privacy/access-requests').send({ personId: userId }).expect(202);
    const { id: requestId } = unwritten as { id: string };
    await erase();
    await jobs().writeFiles(runOf(life.tenant.tenantId, requestId));
    expect((await users.get(`/privacy/access-requests/${requestId}`).expect(200)).body).toMatchObject({
      status: 'failed',
      error: 'This person has been erased.',
    });
    expect((await users.get(`/users/${userId}`).expect(200)).body).toMatchObject({
      name: 'Erased person', email: null, pid: null, phone: null, rank: null, avatarUrl: null, isActive: false, hasPassword: false,
    }); // prettier-ignore
    for (const change of [{ name: 'Somebody' }, { email: marks.email }, { isActive: true }, { phone: marks.phone }]) {
      expect((await users.patch(`/users/${userId}`).send(change).expect(409)).body).toMatchObject({
        code: 'user_erased',
      });
    }
    await users.post(`/users/${userId}/activate`).send().expect(409);
    await users.post(`/users/${userId}/invitations`).send().expect(409);
    // as for whoever is deactivated: an access token that is out reads on until it ends
    await app.as(life.student).put('/me/phone').send({ phone: marks.phone }).expect(401);
    expect(await ask(userId)).toMatchObject({ status: 'done' });
    const asked = await users.post('/privacy/access-requests').send({ personId: userId }).expect(409);
    expect(asked.body).toMatchObject({ code: 'user_erased' });
    // the same person may come anew
    const fresh = {
      role: 'student',
      name: marks.name,
      email: marks.email,
      pid: marks.pid,
      departmentId: life.tenant.departmentId,
    };
    expect((await users.post('/users').send(fresh).expect(201)).body).not.toMatchObject({ id: userId });
  });

  it('takes along duplicates that were merged', async () => {
    const twin = await createStudent(app.database, life.instructor, { name: 'Xanthippe Quillfeather-Twin' });
    await app.as(life.admin).post(`/users/${twin.userId}/merge`).send({ intoId: life.student.userId }).expect(200);
    expect(await ask(twin.userId, 409)).toMatchObject({ code: 'user_merged' });
    await erase();
    expect(await foundIn(app, ['Quillfeather'])).toEqual([]);
  });

  it('leaves figures as they were', async () => {
    const reads = [
      '/dashboard', '/analytics/trends?from=2026-02-01&to=2026-03-02', '/students?page=1', '/modules/performance',
      `/students/${life.classmate.userId}`, '/analytics/performance', '/gradebook', '/submissions?page=1', '/messages?page=1',
    ]; // prettier-ignore
    // a student who leaves leaves the figures of who is there; being erased changes nothing more
    await app.as(life.admin).post(`/users/${life.student.userId}/deactivate`).send().expect(200);
    const figures = async (): Promise<unknown[]> => {
      const answers: unknown[] = [];
      for (const path of reads) {
        const { status, body } = await app.as(life.instructor).get(path);
        answers.push([path, status, JSON.parse(JSON.stringify(body, numbersOnly)) as unknown]);
      }
      for (const table of countedTables) {
        const rows = await app.database.many<{ row: string }>(
          `-- test.readFigures\nselect (to_jsonb(t) - '{answers,feedback,content,extension_reason,from_feedback,to_feedback,reason}'::text[])::text as row from ${table} t order by 1`,
        );
        answers.push([table, rows.map(({ row }) => row)]);
      }
      return answers;
    };
    const before = await figures();
    expect(before.filter((one) => (one as unknown[])[1] === 200).length).toBeGreaterThan(3);
    await app.as(life.admin).patch('/settings').send({ erasureWaitingDays: 0 }).expect(200);
    await ask();
    await runJob();
    expect(await name()).toBe('Erased person');
    expect(await figures()).toEqual(before);
  });
});

const countedTables = [
  'sessions', 'progress_snapshots', 'roster_days', 'roster_counts', 'module_days', 'question_days', 'hour_days',
  'category_progress', 'student_modules', 'active_days', 'open_work', 'risk_evaluations', 'submissions', 'attempts', 'grade_changes',
]; // prettier-ignore
/** Names and texts are others; numbers and whether there is anything are not. */
function numbersOnly(_: string, value: unknown): unknown {
  return typeof value === 'string' ? typeof value : value;
}

describe('while somebody is erased', () => {
  const begin = async (): Promise<string> => {
    const { id } = await ask();
    app.clock.advance(14 * 86_400);
    await runJob();
    return id;
  };

  it('sessions of theirs are refused, each by itself, and messages go to the others', async () => {
    await begin();
    const send = (studentId: string): object => sessionBody(life, { id: uuidv7(), studentId });
    const sessions = [send(life.student.userId), send(life.classmate.userId)];
    const { body } = await app.as('service', life.tenant).post('/activity/sessions').send({ sessions }).expect(200);
    expect(body).toMatchObject({ accepted: 1, rejected: 1 });
    const message = { subject: 'All', body: 'Hello {{name}}', to: { filter: {} } };
    await app.as(life.instructor).post('/messages').send(message).expect(201);
    await deliver(app, life.tenant.tenantId);
    const { count } = await app.database.one<{ count: number }>(
      `-- test.countReceipts
      select count(*) as count from message_recipients r join messages m on m.id = r.message_id
      where m.subject = 'All' and r.user_id = $1`,
      [life.student.userId],
    );
    expect(count).toBe(0);
  });

  it('what was under way and comes in late is found once more', async () => {
    const id = await begin();
    expect(await foundIn(app, sought)).toEqual(['erasures']);
    await app.database.run(
      `-- test.lateNotification
      insert into notifications (tenant_id, id, user_id, type, priority, title, body, cause, collapse_key, count, created_at,
        updated_at, expires_at)
      values ($1, gen_random_uuid(), $2, 'student_at_risk', 'high', $3, '', 'late', 'late', 1, now(), now(), 'infinity')`,
      [life.tenant.tenantId, life.instructor.userId, `${marks.name} is at risk`],
    );
    let produced = 0;
    const cache = app.app.get(Cache, { strict: false });
    const produce = async () => ({ name: marks.name, number: ++produced });
    const cached = () => cache.bytes(`late ${id}`, { tags: ['late'], lifetimeSeconds: 3_600 }, produce);
    app.clock.advance(299);
    await runJob();
    expect(await shown(id)).toMatchObject({ status: 'running' });
    // a Redis that is slow for a moment is passed by
    let before: number;
    do {
      before = produced;
      await cached();
      await sleep(25);
    } while (produced > before);
    app.clock.advance(1);
    await runJob();
    expect(await shown(id)).toMatchObject({ status: 'done' });
    expect(await foundIn(app, sought)).toEqual([]);
    await cached();
    expect(produced).toBe(before + 1);
  });

  it('a worker may die after any step, and two may do it at once', async () => {
    const { id } = await ask();
    app.clock.advance(14 * 86_400);
    for (const after of [1, 4, 9, 16, 25, 40, 60]) {
      const signal = dyingAfter(after);
      await jobs().erase({ ...runOf(null, ''), signal }).catch(() => undefined); // prettier-ignore
      expect(await shown(id)).toMatchObject({ status: 'running' });
    }
    await Promise.all([runJob(), runJob()]);
    app.clock.advance(600);
    await Promise.all([runJob(), runJob()]);
    expect(await shown(id)).toMatchObject({ status: 'done' });
    expect(await foundIn(app, sought)).toEqual([]);
    expect((await audited()).match(/erasure\.finished/g)).toHaveLength(1);
  });

  it('somebody else of the same name keeps theirs', async () => {
    const namesake = await createStudent(app.database, life.instructor, { name: marks.name });
    await erase();
    expect((await app.as(life.admin).get(`/users/${namesake.userId}`).expect(200)).body).toMatchObject({
      name: marks.name,
    });
    const others = sought.filter((text) => text !== marks.name);
    expect(await foundIn(app, others)).toEqual([]);
    const gossip = await app.as(life.classmate).get('/threads').expect(200);
    const [thread] = (gossip.body as { data: { id: string }[] }).data;
    const { body } = await app.as(life.classmate).get(`/threads/${thread!.id}/messages`).expect(200);
    expect((body as { data: object[] }).data).toMatchObject([{ body: `Ask ${marks.name} or Erased person` }]);
  });
});

const name = async (): Promise<string> =>
  (
    await app.database.one<{ name: string }>('-- test.findName\nselect name from users where id = $1', [
      life.student.userId,
    ])
  ).name;
const countParts = async (): Promise<number> =>
  (
    await app.database.one<{ count: number }>(
      '-- test.countAllParts\nselect (select count(*) from access_request_parts) + (select count(*) from report_parts) as count',
    )
  ).count;
const askForAccess = async (): Promise<{ id: string }> => {
  const asked = await app.as(life.student).post('/privacy/access-requests').send({}).expect(202);
  const { id } = asked.body as { id: string };
  await jobs().writeFiles(runOf(life.tenant.tenantId, id));
  await app.as(life.student).get(`/privacy/access-requests/${id}/file?format=json`).expect(200);
  expect(await countParts()).toBeGreaterThan(1);
  return { id };
};
/** Until what the list shows stands there. */
const fillRedis = async (): Promise<void> => {
  for (let tries = 0; tries < 100 && !(await inRedis()).includes('quillfeather'); tries++) {
    for (const path of ['/dashboard', '/students?limit=5']) await app.as(life.instructor).get(path).expect(200);
    await sleep(50);
  }
  expect(await inRedis()).toContain('quillfeather');
};
