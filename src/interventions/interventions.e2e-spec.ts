import { startApp, type TestApp } from '../../test/app.js';
import {
  adminIdOf, createDepartment, createInstructor, createStudent, createStudents, createTenant, type Member, type Person,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { createIntervention, setRisk } from '../../test/factories.risk.js';
import { type Body, codeOf } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
/** Of the department of the instructor and the students. */
let supervisor: Member;
let second: Member;
let instructor: Member;
let colleague: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  supervisor = await createInstructor(app.database, department, { canViewAll: true, name: 'Susan' });
  second = await createInstructor(app.database, department, { canViewAll: true, name: 'Sibyl' });
  instructor = await createInstructor(app.database, department, { name: 'Ada' });
  colleague = await createInstructor(app.database, department, { name: 'Ben' });
  student = await createStudent(app.database, instructor, { name: 'Kathleen' });
  await setRisk(app.database, student, 82);
});

const version = (number: number): Record<string, string> => ({ 'if-match': `"${number}"` });
const open = async (body: Body = {}, viewer: Person = instructor): Promise<Body & { id: string }> =>
  (
    await app
      .as(viewer)
      .post('/interventions')
      .send({ studentId: student.userId, ...body })
      .expect(201)
  ).body;
const take = async (
  step: string,
  body: Body,
  { id, of = 1, as = instructor, status = 201 }: { id: unknown; of?: number; as?: Person; status?: number },
): Promise<Body> =>
  (
    await app
      .as(as)
      .post(`/interventions/${String(id)}/${step}`)
      .set(version(of))
      .send(body)
      .expect(status === 201 ? 200 : status)
  ).body;
const detail = async (id: unknown, viewer: Person = instructor): Promise<Body & { entries: Body[] }> =>
  (
    await app
      .as(viewer)
      .get(`/interventions/${String(id)}`)
      .expect(200)
  ).body;
const list = async (query: string, viewer: Person = instructor): Promise<Body[]> =>
  (await app.as(viewer).get(`/interventions?${query}`).expect(200)).body.data;
const events = async (): Promise<unknown[]> =>
  (
    await app.database.many<{ topic: string }>(
      `-- test.listCaseEvents
      select topic from outbox where tenant_id = $1 and topic like 'interventions.%' order by id`,
      [tenant.tenantId],
    )
  ).map(({ topic }) => topic);
const audited = (): Promise<Body[]> =>
  app.database.many<Body>(
    `-- test.listCaseAudit
    select action, actor_id as "actorId", target_id as "targetId", before, after from audit_entries
    where tenant_id = $1 and (action like 'intervention.%' or action like 'timeline.%') order by at, id`,
    [tenant.tenantId],
  );

describe('opening', () => {
  it('opens a case from a flag, and says so everywhere', async () => {
    const opened = await open({ reason: 'Silent since the resit', dueOn: '2026-03-06', action: 'call' });
    expect(opened).toEqual({
      id: opened.id,
      studentId: student.userId,
      studentName: 'Kathleen',
      studentIsActive: true,
      ownerId: instructor.userId,
      ownerName: 'Ada',
      ownerIsActive: true,
      origin: 'flag',
      status: 'open',
      action: 'call',
      reason: 'Silent since the resit',
      dueOn: '2026-03-06',
      isOverdue: false,
      snoozedUntil: null,
      isSnoozed: false,
      openedAt: '2026-03-02T08:00:00Z',
      openedBy: instructor.userId,
      openedScore: 82,
      openedBand: 'high',
      contactedAt: null,
      contactedScore: null,
      closedAt: null,
      closedBy: null,
      closedScore: null,
      closedItself: false,
      outcome: null,
      dismissal: null,
      riskScore: 82,
      riskBand: 'high',
      updatedAt: '2026-03-02T08:00:00Z',
      version: 1,
    });
    const { entries, ...rest } = await detail(opened.id);
    expect(rest).toEqual(opened);
    expect(entries).toMatchObject([
      { kind: 'opened', actorId: instructor.userId, actorName: 'Ada', note: '', details: { origin: 'flag' } },
    ]);
    expect(await events()).toEqual(['interventions.opened']);
    const [made, read] = await audited();
    expect(made).toMatchObject({
      action: 'intervention.opened',
      actorId: instructor.userId,
      targetId: student.userId,
      before: null,
      after: { id: opened.id, status: 'open', ownerId: instructor.userId, dueOn: '2026-03-06' },
    });
    expect(read).toMatchObject({ action: 'intervention.viewed', targetId: student.userId, after: { id: opened.id } });
    // what was written of a student stays in the case
    expect(JSON.stringify([made, read])).not.toContain('Silent');
  });

  it('opens by hand where nobody is at risk, or where it is said', async () => {
    const [calm] = await createStudents(app.database, instructor, [{}]);
    expect(await open({ studentId: calm!.userId })).toMatchObject({ origin: 'manual', openedScore: null });
    expect(await open({ origin: 'manual' })).toMatchObject({ origin: 'manual', openedBand: 'high' });
    const [other] = await createStudents(app.database, instructor, [{}]);
    const { body } = await app
      .as(instructor)
      .post('/interventions')
      .send({ studentId: other!.userId, origin: 'flag' })
      .expect(409);
    expect(body).toMatchObject({ code: 'student_not_flagged', errors: [{ pointer: '/origin' }] });
  });

  it('refuses a second one, and names the first', async () => {
    const { id } = await open();
    const { body, headers } = await app
      .as(supervisor)
      .post('/interventions')
      .send({ studentId: student.userId })
      .expect(409);
    expect(body).toMatchObject({ code: 'intervention_open', detail: expect.stringContaining(id) });
    expect(headers['location']).toBe(`/api/v1/interventions/${id}`);
  });

  it('opens one of two that are opened at once', async () => {
    const answers = await Promise.all(
      [supervisor, second, instructor].map((viewer) =>
        app.as(viewer).post('/interventions').send({ studentId: student.userId }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const { id } = answers.find(({ status }) => status === 201)!.body;
    for (const { status, body } of answers) if (status === 409) expect(body.detail).toContain(id);
    expect(await events()).toEqual(['interventions.opened']);
  });

  it('takes as owner whoever may see the student, and nobody else', async () => {
    const department = await createDepartment(app.database, tenant);
    const head = await createInstructor(app.database, tenant, { canViewAll: true });
    const elsewhere = await createInstructor(app.database, department, { canViewAll: true });
    const gone = await createInstructor(app.database, supervisor, { canViewAll: true, isActive: false });
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    const refused = [colleague, elsewhere, gone, stranger, student];
    for (const { userId: ownerId } of refused) {
      const { body } = await app
        .as(instructor)
        .post('/interventions')
        .send({ studentId: student.userId, ownerId })
        .expect(422);
      expect(body).toMatchObject({ code: 'owner_unsuitable', errors: [{ pointer: '/ownerId' }] });
    }
    const { id } = await open({ ownerId: head.userId });
    let of = 1;
    await app.database.run(
      `-- test.insertSubstitution
      insert into delegations (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason,
        created_at)
      values ($1, gen_random_uuid(), $2, $3, '2026-03-01', '2026-03-09', $2, 'away', '2026-03-01')`,
      [tenant.tenantId, instructor.userId, colleague.userId],
    );
    for (const ownerId of [supervisor.userId, adminIdOf(tenant), colleague.userId, instructor.userId.toUpperCase()]) {
      const { body } = await app
        .as(supervisor)
        .patch(`/interventions/${id}`)
        .set(version(of++))
        .send({ ownerId })
        .expect(200);
      expect(body).toMatchObject({ ownerId: ownerId.toLowerCase() });
    }
    const { body } = await app
      .as(supervisor)
      .patch(`/interventions/${id}`)
      .set(version(of))
      .send({ ownerId: elsewhere.userId })
      .expect(422);
    expect(codeOf(body)).toBe('owner_unsuitable');
  });

  it('says what is wrong', async () => {
    const wrong = async (body: object, status: number, pointer: string): Promise<void> => {
      const answer = await app
        .as(instructor)
        .post('/interventions')
        .send({ studentId: student.userId, ...body })
        .expect(status);
      expect(answer.body).toMatchObject({ errors: [{ pointer }] });
    };
    await wrong({ studentId: 'x' }, 400, '/studentId');
    await wrong({ action: 'prayer' }, 400, '/action');
    await wrong({ reason: 'x'.repeat(1_001) }, 400, '/reason');
    await wrong({ reason: 'a\0b' }, 400, '/reason');
    await wrong({ dueOn: '2026-02-30' }, 400, '/dueOn');
    await wrong({ dueOn: '2026-03-01' }, 422, '/dueOn');
    const text = `'; drop table interventions; -- <script>alert(1)</script> \u202e😀 %_\\`;
    const { id } = await open({ reason: text });
    await take('notes', { note: text }, { id });
    expect(await detail(id)).toMatchObject({ reason: text, entries: [{ kind: 'note', note: text }, {}] });
  });
});

describe('the way of a case', () => {
  it('goes from open to contacted to resolved', async () => {
    const { id } = await open({ dueOn: '2026-03-06' });
    app.clock.set('2026-03-04T09:00:00Z');
    await setRisk(app.database, student, 75);
    const contacted = await take('contact', { action: 'email', note: 'No answer yet' }, { id });
    expect(contacted).toMatchObject({
      status: 'contacted',
      action: 'email',
      contactedAt: '2026-03-04T09:00:00Z',
      contactedScore: 75,
      version: 2,
    });
    app.clock.set('2026-03-05T09:00:00Z');
    const again = await take('contact', { action: 'call', note: 'Reached' }, { id, of: 2 });
    expect(again).toMatchObject({ action: 'email', contactedAt: '2026-03-04T09:00:00Z', version: 3 });
    await setRisk(app.database, student, 50);
    const resolved = await take('resolve', { outcome: 'better' }, { id, of: 3, as: supervisor });
    expect(resolved).toMatchObject({
      status: 'resolved',
      outcome: 'better',
      closedAt: '2026-03-05T09:00:00Z',
      closedBy: supervisor.userId,
      closedScore: 50,
      closedItself: false,
      version: 4,
    });
    const { entries } = await detail(id);
    expect(entries.map(({ kind, actorName, note, details }) => [kind, actorName, note, details])).toEqual([
      ['resolved', 'Susan', '', { outcome: 'better' }],
      ['contacted', 'Ada', 'Reached', { action: 'call' }],
      ['contacted', 'Ada', 'No answer yet', { action: 'email' }],
      ['opened', 'Ada', '', { origin: 'flag' }],
    ]);
    expect(await events()).toEqual(
      ['opened', 'contacted', 'contacted', 'closed'].map((what) => `interventions.${what}`),
    );
    expect((await audited()).map(({ action }) => action)).toEqual([
      'intervention.opened', 'intervention.contacted', 'intervention.contacted', 'intervention.resolved',
      'intervention.viewed',
    ]); // prettier-ignore
    const [stored] = await app.database.many<Body>(
      `-- test.contactedDay
      select contacted_day as "contactedDay" from interventions where tenant_id = $1 and id = $2`,
      [tenant.tenantId, id],
    );
    expect(stored).toEqual({ contactedDay: '2026-03-04' });
  });

  it('is dismissed as wrongly flagged, and reopened', async () => {
    const { id } = await open();
    const dismissed = await take('dismiss', { reason: 'excused_absence', note: 'At the games' }, { id });
    expect(dismissed).toMatchObject({
      status: 'dismissed',
      dismissal: 'excused_absence',
      closedScore: 82,
      outcome: null,
    });
    const reopened = await take('reopen', {}, { id, of: 2 });
    expect(reopened).toMatchObject({ status: 'open', dismissal: null, closedAt: null, closedScore: null, version: 3 });
    await take('contact', { action: 'meeting' }, { id, of: 3 });
    await take('resolve', { outcome: 'unchanged' }, { id, of: 4 });
    expect(await take('reopen', {}, { id, of: 5 })).toMatchObject({ status: 'contacted', outcome: null });
    expect(await events()).toEqual(
      ['opened', 'closed', 'reopened', 'contacted', 'closed', 'reopened'].map((what) => `interventions.${what}`),
    );
  });

  it('does nothing with what is closed but take notes and reopen, and reopens nothing that is open', async () => {
    const { id } = await open();
    expect(codeOf(await take('reopen', {}, { id, status: 409 }))).toBe('intervention_not_closed');
    await take('resolve', { outcome: 'other' }, { id });
    for (const [step, body] of [
      ['contact', { action: 'call' }],
      ['resolve', { outcome: 'other' }],
      ['dismiss', { reason: 'other' }],
      ['snooze', { until: '2026-03-09' }],
    ] as const) {
      expect(codeOf(await take(step, body, { id, of: 2, status: 409 }))).toBe('intervention_closed');
    }
    const changed = await app.as(instructor).patch(`/interventions/${id}`).set(version(2)).send({ reason: 'x' });
    expect([changed.status, codeOf(changed.body)]).toEqual([409, 'intervention_closed']);
    await take('notes', { note: 'Came back' }, { id, of: 2 });
    const later = await open();
    const refused = await take('reopen', {}, { id, of: 3, status: 409 });
    expect(refused).toMatchObject({ code: 'intervention_open', detail: expect.stringContaining(later.id) });
  });

  it('reopens one of two closed ones that are reopened at once', async () => {
    const { id } = await open();
    await take('resolve', { outcome: 'other' }, { id });
    const { id: other } = await open();
    await take('resolve', { outcome: 'other' }, { id: other });
    const answers = await Promise.all(
      [id, other].map((one) => app.as(supervisor).post(`/interventions/${one}/reopen`).set(version(2)).send({})),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(codeOf(answers.find(({ status }) => status === 409)!.body)).toBe('intervention_open');
  });

  it('sleeps until its day, and is overdue after its due day unless it sleeps', async () => {
    const { id } = await open({ dueOn: '2026-03-04' });
    expect(codeOf(await take('snooze', { until: '2026-03-02' }, { id, status: 422 }))).toBe('day_past');
    await take('snooze', { until: '2026-03-09', note: 'Back on Monday' }, { id });
    const stateOn = async (day: string): Promise<unknown[]> => {
      app.clock.set(`${day}T08:00:00Z`);
      const [row] = await list('');
      const { body: counts } = await app.as(instructor).get('/interventions/counts').expect(200);
      const found = [await list('overdue=true'), await list('snoozed=true')].map(({ length }) => length);
      expect([counts.overdue, counts.snoozed]).toEqual(found);
      return [row!['isSnoozed'], row!['isOverdue']];
    };
    expect(await stateOn('2026-03-08')).toEqual([true, false]);
    expect(await stateOn('2026-03-09')).toEqual([false, true]);
    await take('snooze', { until: '2026-03-12' }, { id, of: 2 });
    expect(await stateOn('2026-03-10')).toEqual([true, false]);
    await take('snooze', { until: null }, { id, of: 3 });
    expect(await stateOn('2026-03-10')).toEqual([false, true]);
    await take('resolve', { outcome: 'better' }, { id, of: 4 });
    expect(await stateOn('2026-03-10')).toEqual([false, false]);
  });

  it('changes owner, due day and reason, and says what was before', async () => {
    const { id } = await open({ reason: 'Silent' });
    const patch = { ownerId: supervisor.userId, dueOn: '2026-03-20', reason: 'Silent for two weeks' };
    const { body } = await app.as(instructor).patch(`/interventions/${id}`).set(version(1)).send(patch).expect(200);
    expect(body).toMatchObject({ ...patch, ownerName: 'Susan', version: 2 });
    const same = await app.as(instructor).patch(`/interventions/${id}`).set(version(2)).send(patch).expect(200);
    expect(same.body).toEqual(body);
    const { entries } = await detail(id);
    expect(entries[0]).toMatchObject({
      kind: 'changed',
      details: {
        ownerId: { from: instructor.userId, to: supervisor.userId },
        dueOn: { from: null, to: '2026-03-20' },
        reason: { from: 'Silent', to: 'Silent for two weeks' },
      },
    });
    await app.as(instructor).patch(`/interventions/${id}`).set(version(2)).send({ dueOn: '2026-03-01' }).expect(422);
    const cleared = await app.as(instructor).patch(`/interventions/${id}`).set(version(2)).send({ dueOn: null });
    expect(cleared.body).toMatchObject({ dueOn: null, version: 3 });
  });
});

describe('two at once', () => {
  it('lets one of two supervisors write, whatever they write', async () => {
    const { id } = await open();
    for (let of = 1; of <= 5; of++) {
      const answers = await Promise.all(
        [supervisor, second].map((viewer) =>
          app
            .as(viewer)
            .patch(`/interventions/${id}`)
            .set(version(of))
            .send({ reason: `${viewer.name} ${of}` }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
      const written = answers.find(({ status }) => status === 200)!.body;
      expect(await detail(id)).toMatchObject({ reason: written.reason, version: of + 1 });
    }
    const mixed = await Promise.all([
      app.as(supervisor).post(`/interventions/${id}/resolve`).set(version(6)).send({ outcome: 'better' }),
      app.as(second).post(`/interventions/${id}/dismiss`).set(version(6)).send({ reason: 'data_wrong' }),
    ]);
    expect(mixed.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('wants a version, in If-Match, and takes the ETag for one', async () => {
    const { id } = await open();
    const patch = { reason: 'x' };
    for (const headers of [{}, { 'if-match': '*' }]) {
      const { body } = await app.as(instructor).patch(`/interventions/${id}`).set(headers).send(patch).expect(428);
      expect(codeOf(body)).toBe('version_required');
      await app.as(instructor).post(`/interventions/${id}/notes`).set(headers).send({ note: 'x' }).expect(428);
    }
    await app.as(instructor).patch(`/interventions/${id}`).set({ 'if-match': '3' }).send(patch).expect(400);
    const { headers } = await app.as(instructor).get(`/interventions/${id}`);
    await app
      .as(instructor)
      .patch(`/interventions/${id}`)
      .set({ 'if-match': headers['etag']! })
      .send(patch)
      .expect(200);
  });
});

describe('who', () => {
  it('is for staff, each within what they may see', async () => {
    const { id } = await open();
    const ids = async (viewer: Person): Promise<unknown[]> => (await list('', viewer)).map((row) => row['id']);
    for (const viewer of [instructor, supervisor]) expect(await ids(viewer)).toEqual([id]);
    const stranger = await createTenant(app.database);
    const { body } = await app.as('admin', tenant).get('/interventions').expect(200);
    expect(body.data).toHaveLength(1);
    const others = [app.as(colleague), app.as('admin', stranger)];
    for (const client of others) {
      expect((await client.get('/interventions').expect(200)).body).toMatchObject({
        data: [],
        pagination: { total: 0 },
      });
      await client.get(`/interventions/${id}`).expect(404);
      await client.patch(`/interventions/${id}`).set(version(1)).send({ reason: 'x' }).expect(404);
      await client.post(`/interventions/${id}/notes`).set(version(1)).send({ note: 'x' }).expect(404);
      const opened = await client.post('/interventions').send({ studentId: student.userId }).expect(404);
      expect(codeOf(opened.body)).toBe('student_not_found');
    }
    for (const client of [app.as(student), app.as('service', tenant)]) {
      await client.get('/interventions').expect(403);
      await client.get(`/interventions/${id}`).expect(403);
      await client.post('/interventions').send({ studentId: student.userId }).expect(403);
    }
    await app.anonymous.get('/interventions').expect(401);
  });

  it('leaves a case where it is when the student leaves, the instructor changes, or the owner goes', async () => {
    const { id } = await open({ dueOn: '2026-03-02' });
    await app
      .as(supervisor)
      .put(`/students/${student.userId}/instructor`)
      .send({ instructorId: colleague.userId })
      .expect(204);
    await app.as(instructor).get(`/interventions/${id}`).expect(404);
    expect(await detail(id, colleague)).toMatchObject({ ownerId: instructor.userId, ownerIsActive: true, version: 1 });
    const deactivate = (userId: string): Promise<unknown> =>
      app.database.run(
        `-- test.deactivatePerson
        update users set is_active = false where tenant_id = $1 and id = $2`,
        [tenant.tenantId, userId],
      );
    await deactivate(instructor.userId);
    expect(await detail(id, supervisor)).toMatchObject({ ownerId: instructor.userId, ownerIsActive: false });
    const given = await app
      .as(supervisor)
      .patch(`/interventions/${id}`)
      .set(version(1))
      .send({ ownerId: supervisor.userId })
      .expect(200);
    expect(given.body).toMatchObject({ ownerId: supervisor.userId, ownerIsActive: true });
    await deactivate(student.userId);
    app.clock.set('2026-03-03T08:00:00Z');
    expect(await list('overdue=true', supervisor)).toMatchObject([{ id, studentIsActive: false }]);
    await take('resolve', { outcome: 'left' }, { id, of: 2, as: supervisor });
    await app.as(supervisor).post('/interventions').send({ studentId: student.userId }).expect(404);
  });
});

describe('lists', () => {
  it('filters, sorts, counts and pages', async () => {
    const students = await createStudents(app.database, instructor, [{}, {}, {}, {}, {}]);
    const scores = [90, 60, null, 75, 30];
    for (const [index, one] of students.entries()) await setRisk(app.database, one, scores[index]!);
    const make = (index: number, options: Parameters<typeof createIntervention>[3]): Promise<string> =>
      createIntervention(app.database, students[index]!, index === 1 ? supervisor : instructor, options);
    const a = await make(0, { dueOn: '2026-03-01', openedDay: '2026-02-03' });
    const b = await make(1, { dueOn: '2026-02-27', openedDay: '2026-02-01', status: 'contacted', action: 'email' });
    const c = await make(2, { openedDay: '2026-02-04' });
    const d = await make(3, { dueOn: '2026-02-20', openedDay: '2026-02-02', status: 'resolved' });
    const e = await make(4, { dueOn: '2026-02-26', snoozedUntil: '2026-03-05', openedDay: '2026-02-05' });
    const ids = async (query: string): Promise<unknown[]> => (await list(query)).map((row) => row['id']);
    expect(await ids('')).toEqual([d, e, b, a, c]);
    expect(await ids('order=desc')).toEqual([a, b, e, d, c]);
    expect(await ids('sort=opened')).toEqual([e, c, a, d, b]);
    expect(await ids('sort=opened&order=asc')).toEqual([b, d, a, c, e]);
    expect(await ids('sort=score')).toEqual([a, d, b, e, c]);
    expect(await ids('sort=score&order=asc')).toEqual([e, b, d, a, c]);
    const filters: [string, string[]][] = [
      ['status=open,contacted', [e, b, a, c]],
      ['status=resolved', [d]],
      [`ownerId=${supervisor.userId}`, [b]],
      [`studentId=${students[2]!.userId}`, [c]],
      [`departmentId=${instructor.departmentId}`, [d, e, b, a, c]],
      [`departmentId=${tenant.departmentId}`, [d, e, b, a, c]],
      [`instructorId=${colleague.userId}`, []],
      ['origin=flag', [d, e, b, a, c]],
      ['origin=manual', []],
      ['action=email', [b]],
      ['overdue=true', [b, a]],
      ['overdue=false', [d, e, c]],
      ['snoozed=true', [e]],
      ['overdue=true&status=open&sort=score', [a]],
    ];
    for (const [query, expected] of filters) {
      expect([query, await ids(query)]).toEqual([query, expected]);
      const { body } = await app.as(instructor).get(`/interventions?limit=1&${query}`).expect(200);
      expect([query, body.pagination.total]).toEqual([query, expected.length]);
    }
    for (const sort of ['due', 'opened', 'score']) {
      for (const order of ['asc', 'desc']) {
        const seen: unknown[] = [];
        for (let next: string | undefined = ''; next !== undefined;) {
          const cursor: string = next && `&cursor=${next}`;
          const { body } = await app.as(instructor).get(`/interventions?limit=2&sort=${sort}&order=${order}${cursor}`);
          seen.push(...body.data.map((row: Body) => row['id']));
          next = body.pagination.nextCursor;
        }
        expect(seen).toEqual(await ids(`sort=${sort}&order=${order}`));
      }
    }
    const counts = (query = ''): Promise<Body> =>
      app
        .as(instructor)
        .get(`/interventions/counts?${query}`)
        .expect(200)
        .then(({ body }) => body);
    expect(await counts()).toEqual({ open: 3, contacted: 1, resolved: 1, dismissed: 0, overdue: 2, snoozed: 1 });
    expect(await counts(`ownerId=${supervisor.userId}`)).toMatchObject({ open: 0, contacted: 1, overdue: 1 });
    await app.as(instructor).get('/interventions?status=lost').expect(400);
    await app.as(instructor).get('/interventions?overdue=yes').expect(400);
  });

  it('shows what is overdue on the dashboard, at once', async () => {
    const { id } = await open({ dueOn: '2026-03-02' });
    app.clock.set('2026-03-03T08:00:00Z');
    const shown = async (viewer: Person): Promise<unknown[]> => {
      const { body } = await app.as(viewer).get('/dashboard').expect(200);
      const { body: page } = await app
        .as(viewer)
        .get(body.links.overdueInterventions.replace('/api/v1', ''))
        .expect(200);
      expect(page.pagination.total).toBe(body.statistics.overdueInterventions);
      return body.overdueInterventions.map((row: Body) => row['id']);
    };
    for (const viewer of [instructor, supervisor]) expect(await shown(viewer)).toEqual([id]);
    expect(await shown(colleague)).toEqual([]);
    await take('resolve', { outcome: 'better' }, { id });
    for (const viewer of [instructor, supervisor]) expect(await shown(viewer)).toEqual([]);
  });

  it('tells students with an open case from those without, and tells staff alone', async () => {
    const [other] = await createStudents(app.database, instructor, [{}]);
    await open();
    const found = async (client: ReturnType<TestApp['as']>, state: string): Promise<unknown[]> => {
      const { body } = await client.get(`/students?intervention=${state}`).expect(200);
      expect(body.pagination.total).toBe(body.data.length);
      return body.data.map((row: Body) => row['id']);
    };
    expect(await found(app.as(instructor), 'open')).toEqual([student.userId]);
    expect(await found(app.as(instructor), 'none')).toEqual([other!.userId]);
    for (const client of [app.as(student), app.as('service', tenant)]) {
      expect(await found(client, 'open')).toEqual([]);
      expect(await found(client, 'none')).toEqual([]);
    }
  });
});
