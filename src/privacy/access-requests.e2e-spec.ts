import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant, type Person } from '../../test/factories.js';
import { type Life, live, marks } from '../../test/lives.js';
import { runOf } from '../../test/messages.js';
import type { Outcome } from '../jobs/job.js';
import type { AccessRequestResponse } from './access-requests.dto.js';
import { AccessRequestsRepository } from './access-requests.repository.js';
import { catalogue } from './catalogue.js';
import { PrivacyJobs } from './privacy.jobs.js';

type Rows = Readonly<Record<string, unknown>>[];
interface AccessFile {
  readonly person: { readonly id: string; readonly name: string };
  readonly timeZone: string;
  readonly sections: Readonly<
    Record<string, { readonly title: string; readonly fields: Readonly<Record<string, string>>; readonly rows: Rows }>
  >;
}

let app: TestApp;
let life: Life;

beforeEach(async () => {
  app = await startApp();
  life = await live(app);
});
afterEach(() => app.stop());

const jobs = (): PrivacyJobs => app.app.get(PrivacyJobs, { strict: false });
const ask = async (viewer: Person, personId?: string, status = 202): Promise<AccessRequestResponse> =>
  (await app.as(viewer).post('/privacy/access-requests').send({ personId }).expect(status))
    .body as AccessRequestResponse;
const write = (id: string, signal = new AbortController().signal): Promise<Outcome> =>
  jobs().writeFiles({ ...runOf(life.tenant.tenantId, id), signal });
const shown = async (viewer: Person, id: string, status = 200): Promise<AccessRequestResponse> =>
  (await app.as(viewer).get(`/privacy/access-requests/${id}`).expect(status)).body as AccessRequestResponse;
const download = (viewer: Person, id: string, format: 'json' | 'html') =>
  app.as(viewer).get(`/privacy/access-requests/${id}/file?format=${format}`).buffer(true);
const fileOf = async (viewer: Person, personId?: string): Promise<AccessFile> => {
  const { id } = await ask(viewer, personId);
  await write(id);
  return (await download(viewer, id, 'json').expect(200)).body as AccessFile;
};

describe('what is kept of a person', () => {
  it('is told to the person, with what the fields mean', async () => {
    const { person, timeZone, sections } = await fileOf(life.student);
    expect(person).toEqual({ id: life.student.userId, name: marks.name });
    expect(timeZone).toBe('Europe/London');
    expect(Object.keys(sections)).toEqual(catalogue.flatMap((place) => place.sections ?? []).map(({ name }) => name));
    const { name, email, pid, phone } = marks;
    expect(sections['profile']).toMatchObject({ fields: { pid: "The organisation's own number of you" } });
    expect(sections['profile']!.rows).toMatchObject([{ name, email, pid, phone, hasPassword: false }]);
    expect(sections['sessions']!.rows).toMatchObject([{ score: 80, answers: [{ given: marks.answer }] }]);
    expect(sections['work']!.rows).toMatchObject([{ grade: 80, feedback: `Fine, ${name}`, grader: 'Ines Okafor' }]);
    expect(sections['gradeChanges']!.rows).toHaveLength(2);
    expect(sections['attempts']!.rows).toMatchObject([{ content: { text: `I am ${name}` } }]);
    expect(sections['accommodations']!.rows).toMatchObject([{ reason: `${name} is ill`, extraDays: 2 }]);
    expect(sections['caseEntries']!.rows.map(({ note }) => note)).toContain(`Called ${phone}`);
    expect(sections['sentMessages']!.rows).toMatchObject([{ body: `Yours, ${name}` }]);
    expect(sections['receivedMessages']!.rows).toMatchObject([{ from: 'Ines Okafor', subject: `To ${name}` }]);
    expect(sections['identities']!.rows).toMatchObject([{ subject: marks.subject }]);
    expect(sections['bounces']!.rows).toMatchObject([{ address: email }]);
  });

  it('includes what the audit says of them, in plain, and what they did', async () => {
    const { sections } = await fileOf(life.student);
    const changed = sections['auditOfYou']!.rows.find(({ action }) => action === 'user.changed');
    expect(changed).toMatchObject({
      byYou: false,
      actorRole: 'admin',
      before: { rank: 'Major' },
      after: { rank: 'Colonel' },
    });
    expect(changed).not.toHaveProperty('address');
    const own = sections['auditByYou']!.rows;
    expect(own.map(({ action }) => action)).toContain('attempt.submitted');
    expect(own.every(({ address }) => typeof address === 'string')).toBe(true);
  });

  it('says nothing of third persons', async () => {
    const told = JSON.stringify(await fileOf(life.student));
    for (const other of [life.classmate.name, life.classmate.email, life.classmate.userId, life.instructor.email]) {
      expect(told).not.toContain(other);
    }
    // an instructor's file has the work, and not whose it is
    const { sections } = await fileOf(life.instructor);
    const { conversations: _, sentMessages, segments, ...others } = sections;
    expect(sentMessages!.rows).toHaveLength(2);
    expect(segments!.rows).toHaveLength(1);
    expect(sections['casework']!.rows).toHaveLength(1);
    expect(JSON.stringify(others)).not.toContain(life.classmate.name);
    expect(JSON.stringify({ a: sections['grading'], b: sections['caseworkEntries'] })).not.toContain(marks.phone);
  });

  it('can be read and printed, whatever somebody is called, with times as the person has them', async () => {
    const text = '<script src="https://evil.example/x.js">&"\'';
    const other = await createStudent(app.database, life.instructor, { name: text });
    await app.database.run(
      `-- test.prefer
      insert into preferences (tenant_id, user_id, time_zone, choices, muted_sender_ids, muted_thread_ids, updated_at)
      values ($1, $2, 'Asia/Tokyo', '{}', '{}', '{}', '2026-03-02T08:00:00Z')`,
      [other.tenantId, other.userId],
    );
    const { id } = await ask(other);
    await write(id);
    const { text: page, headers } = await download(other, id, 'html').expect(200);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' });
    expect(headers['content-disposition']).toMatch(/^attachment; /);
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(page));
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script src=&quot;https://evil.example/x.js&quot;&gt;&amp;');
    expect(page).toContain('2 Mar 2026, 17:00:00');
    expect(page).not.toMatch(/<(link|img|iframe|script|object)\b|url\(|@import/);
    const anchors = [...page.matchAll(/<a href="#(\w+)"/g)].map(([, name]) => name);
    expect(anchors).toHaveLength(catalogue.flatMap(({ sections = [] }) => sections).length);
    expect(anchors.filter((name) => !page.includes(`<section id="${name}">`))).toEqual([]);
    expect(page.match(/<section /g)).toHaveLength(page.match(/<\/section>/g)!.length);
  });

  it('is the same when its writer was killed on the way, and nothing is in it twice', async () => {
    const whole = sessionsOf(await bigFile());
    const cut = sessionsOf(await bigFile(true));
    expect(whole).toHaveLength(6_001);
    expect(cut).toEqual(whole);
  });
});

/** With some thousand sessions; of a writer that dies once it has stored something, and one that goes on. */
async function bigFile(isKilled = false): Promise<AccessFile> {
  await app.database.run(
    `-- test.manySessions
    insert into sessions (tenant_id, student_id, day, id, module_id, category_id, kind, status, score, duration_seconds,
      answers, updated_at, recorded_at)
    select tenant_id, student_id, day - 1 - n % 20, md5(n::text)::uuid, module_id, category_id, kind, status, score,
      duration_seconds, answers, updated_at, recorded_at
    from sessions, generate_series(1, 6000) n where tenant_id = $1 and day = '2026-03-02'
    on conflict do nothing`,
    [life.tenant.tenantId],
  );
  const { id } = await ask(life.student);
  if (isKilled) {
    const killed = new AbortController();
    const requests = app.app.get(AccessRequestsRepository, { strict: false });
    const store = jest.spyOn(requests, 'storeParts');
    const original = AccessRequestsRepository.prototype.storeParts.bind(requests);
    store.mockImplementationOnce(async (...parameters) => {
      const stored = await original(...parameters);
      killed.abort(new Error('killed'));
      return stored;
    });
    await expect(write(id, killed.signal)).rejects.toThrow('killed');
    expect(await shown(life.student, id)).toMatchObject({ status: 'running' });
  }
  await write(id);
  const file = (await download(life.student, id, 'json').expect(200)).body as AccessFile;
  const { rows } = await shown(life.student, id);
  expect(rows).toBe(Object.values(file.sections).reduce((sum, section) => sum + section.rows.length, 0));
  return file;
}
const sessionsOf = ({ sections }: AccessFile): string[] => sections['sessions']!.rows.map(({ id }) => String(id));

describe('a request', () => {
  it('is for oneself, and for an administrator', async () => {
    const { id } = await ask(life.student);
    await ask(life.student, life.classmate.userId, 404);
    await ask(life.instructor, life.student.userId, 404);
    await app.as('service', life.tenant).post('/privacy/access-requests').send({}).expect(403);
    // not finished: the same
    expect(await ask(life.admin, life.student.userId)).toMatchObject({ id, requestedBy: life.student.userId });
    await shown(life.classmate, id, 404);
    await shown(life.instructor, id, 404);
    const stranger = await createTenant(app.database);
    await app.as('admin', stranger).get(`/privacy/access-requests/${id}`).expect(404);
    await app
      .as('admin', stranger)
      .post('/privacy/access-requests')
      .send({ personId: life.student.userId })
      .expect(404);
    const { body } = await app.as(life.classmate).get('/privacy/access-requests').expect(200);
    expect(body).toMatchObject({ data: [] });
    const all = await app.as(life.admin).get('/privacy/access-requests?page=1').expect(200);
    expect(all.body).toMatchObject({ data: [{ id, personId: life.student.userId }], pagination: { total: 1 } });
    await write(id);
    await download(life.classmate, id, 'json').expect(404);
    await download(life.student, id, 'json').expect(200);
    await download(life.admin, id, 'html').expect(200);
    const logs = await app.as(life.admin).get(`/audit-logs?personId=${life.student.userId}`).expect(200);
    const actions = (logs.body as { data: { action: string }[] }).data.map(({ action }) => action);
    expect(actions.slice(1, 4)).toEqual([
      'access_request.downloaded', 'access_request.downloaded', 'access_request.requested',
    ]); // prettier-ignore
  });

  it('can be cancelled until it is finished, and leaves nothing then', async () => {
    const { id } = await ask(life.student);
    await download(life.student, id, 'json').expect(409);
    const cancel = () => app.as(life.student).post(`/privacy/access-requests/${id}/cancel`).send();
    await app.as(life.classmate).post(`/privacy/access-requests/${id}/cancel`).send().expect(404);
    await cancel().expect(200);
    expect((await cancel().expect(200)).body).toMatchObject({ status: 'cancelled' });
    expect(await write(id)).toEqual({ result: 'over' });
    expect(await parts()).toBe(0);
    const again = await ask(life.student);
    expect(again.id).not.toBe(id);
    await write(again.id);
    const late = await app.as(life.student).post(`/privacy/access-requests/${again.id}/cancel`).send().expect(409);
    expect(late.body).toMatchObject({ code: 'access_request_finished' });
  });

  it('is written by one of two at once', async () => {
    const { id } = await ask(life.student);
    const outcomes = await Promise.all([write(id), write(id)]);
    expect(outcomes).toContainEqual({ result: 'lost' });
    expect(await parts()).toBe(2);
    await download(life.student, id, 'json').expect(200);
  });

  it('is kept for 30 days', async () => {
    const { id } = await ask(life.student);
    await write(id);
    expect(await shown(life.student, id)).toMatchObject({ status: 'ready', expiresAt: '2026-04-01T08:00:00Z' });
    app.clock.set('2026-04-01T08:00:00Z');
    expect((await download(life.student, id, 'json').expect(410)).body).toMatchObject({
      code: 'access_request_expired',
    });
    await jobs().expireFiles(runOf(null, ''));
    expect(await parts()).toBe(0);
    expect(await shown(life.student, id)).toMatchObject({ status: 'expired' });
  });
});

const parts = async (): Promise<number> =>
  (await app.database.one<{ count: number }>('-- test.countParts\nselect count(*) as count from access_request_parts'))
    .count;
