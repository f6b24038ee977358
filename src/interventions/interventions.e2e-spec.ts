import { startApp, type TestApp } from '../../test/app.js';
import {
  createDepartment, createInstructor, createStudent, createTenant, type Member, type Person,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { setRisk } from '../../test/factories.risk.js';
import { caseworkOf, version } from '../../test/casework.js';
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

const { open, take, detail, list, events, audited } = caseworkOf(
  () => app,
  () => ({ instructor, student }),
);

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
