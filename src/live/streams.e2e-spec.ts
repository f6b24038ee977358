import { randomUUID } from 'node:crypto';
import { startApp, type TestApp } from '../../test/app.js';
import { EventClient } from '../../test/event-client.js';
import {
  adminIdOf,
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import { TokensService } from '../auth/tokens.service.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { mostOfViewer } from './streams.js';

let app: TestApp;
let outbox: Outbox;
let tenant: Tenant;
let ada: Member;
let student: Member;
const open: EventClient[] = [];

const listen = async (viewer: Viewer, options?: Parameters<typeof EventClient.open>[2]): Promise<EventClient> => {
  const client = await EventClient.open(app, viewer, options);
  open.push(client);
  return client;
};
const graded = ({ tenantId, userId }: Member): Promise<void> =>
  outbox.append(tenantId, 'assignments.graded', 'x', { assignmentId: randomUUID(), studentIds: [userId] });

beforeAll(async () => {
  app = await startApp({ worker: true, environment: { EVENTS_HEART_BEAT_SECONDS: '1', EVENTS_LOOK_SECONDS: '1' } });
  outbox = app.app.get(Outbox, { strict: false });
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  ada = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, ada);
});
afterEach(() => {
  for (const client of open.splice(0)) client.cut();
});

describe('an end', () => {
  it('comes with a deactivated user', async () => {
    const client = await listen(ada);
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [ada.tenantId, ada.userId],
    );
    await client.until(({ ended }) => ended);
    expect(client.heard).toEqual([{ id: '', event: 'bye', data: { reason: 'access_lost' } }]);
  });

  it('comes with an expired token, and not with one that is good', async () => {
    const tokens = app.app.get(TokensService, { strict: false });
    const token = tokens.sign(ada, { kind: 'identity' }, 600);
    const [short, long] = [await listen(ada, { token }), await listen(ada)];
    app.clock.advance(601);
    await short.until(({ ended }) => ended);
    app.clock.advance(-601);
    expect(short.heard).toEqual([{ id: '', event: 'bye', data: { reason: 'token_expired' } }]);
    await graded(student);
    await long.until((one) => one.of('submission').length === 1);
    expect((await listen(ada, { token: 'x' })).status).toBe(401);
  });

  it('comes with a revoked key, which is otherwise good for longer than it is believed', async () => {
    const admin = app.as('admin', tenant);
    const { body: service } = await admin
      .post('/services')
      .send({ name: 'wall', scopes: ['events:read', 'submissions:read'] })
      .expect(201);
    const { body } = await admin.post(`/services/${service.id}/keys`).send({}).expect(201);
    const client = await listen(ada, { token: body.key as string });
    app.clock.advance(120);
    await graded(student);
    await client.until((one) => one.of('submission').length === 1);
    await admin.delete(`/services/${service.id}/keys/${body.id}`).expect(204);
    await client.until(({ ended }) => ended);
    app.clock.advance(-120);
    expect(client.of('bye')).toHaveLength(1);
  });

  it('is not near while nothing happens', async () => {
    const client = await listen(ada);
    const begin = client.lastEventId;
    // somebody else's
    const foreign = await createTenant(app.database);
    const theirs = adminIdOf(foreign);
    const other = await listen({ ...foreign, userId: theirs, role: 'admin', departmentId: null });
    await outbox.append(foreign.tenantId, 'notifications.created', theirs, { userId: theirs, notificationIds: [] });
    await other.until(({ heard }) => heard.length === 1);
    // what comes without an event says how far events have come
    await client.until(({ lastEventId }) => Number(lastEventId) > Number(begin));
    expect(client.heard).toEqual([]);
    expect(client.ended).toBe(false);
  });

  it('is for the one who takes nothing, and for nobody else', async () => {
    const [slow, quick] = [await listen(ada, { kinds: 'notification' }), await listen(ada, { kinds: 'notification' })];
    await slow.until(({ lastEventId }) => lastEventId !== '');
    slow.pause();
    const notificationIds = Array.from({ length: 100 }, () => randomUUID());
    const { userId } = ada;
    // 3,500 × 4 KB are more than the network holds for us
    const payload = { userId, notificationIds };
    await outbox.appendMany(
      tenant.tenantId,
      'notifications.created',
      Array.from({ length: 3_500 }, () => ({ key: userId, payload })),
    );
    await quick.until(({ heard }) => heard.length === 3_500);
    slow.resume();
    await slow.until(({ ended }) => ended);
    expect(slow.heard.length).toBeLessThan(3_500);
    // and goes on where it was
    await slow.connect();
    await slow.until(({ heard }) => heard.length === 3_500);
    expect(slow.heard.map(({ id }) => id)).toEqual(quick.heard.map(({ id }) => id));
  });
});

describe('a ticket', () => {
  const ticketOf = async (token: string): Promise<string> => {
    const { body } = await app.anonymous.post('/events/tickets').set('authorization', `Bearer ${token}`).expect(201);
    expect(body).toEqual({ ticket: expect.any(String) as string, expiresAt: '2026-03-02T08:00:30.000Z' });
    return (body as { ticket: string }).ticket;
  };

  it('opens streams for half a minute, as who asked for it, and nothing else', async () => {
    app.clock.set('2026-03-02T08:00:00Z');
    const ticket = await ticketOf(app.token(ada));
    const client = await listen(student, { ticket });
    await graded(student);
    await client.until((one) => one.of('submission').length === 1);
    for (const path of [`/students?ticket=${ticket}`, `/auth/me?ticket=${ticket}`])
      await app.anonymous.get(path).expect(401);
    await app.anonymous.post(`/events/tickets?ticket=${ticket}`).expect(401);
    await app.anonymous.get('/students').set('authorization', `Bearer ${ticket}`).expect(401);
    const forged = `${ticket.slice(0, -2)}${ticket.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const wrong of [forged, '', 'x', ticket.slice(0, 40)]) {
      expect((await listen(ada, { ticket: wrong })).status).toBe(401);
    }
    app.clock.advance(30);
    expect((await listen(ada, { ticket })).status).toBe(401);
    expect(client.ended).toBe(false);
    app.clock.advance(-30);
  });

  it('opens none that outlives the token it was asked for with, nor its owner', async () => {
    app.clock.set('2026-03-02T08:00:00Z');
    const tokens = app.app.get(TokensService, { strict: false });
    const short = await listen(ada, { ticket: await ticketOf(tokens.sign(ada, { kind: 'identity' }, 600)) });
    const other = await listen(student, { ticket: await ticketOf(app.token(student)) });
    expect([short.status, other.status]).toEqual([200, 200]);
    app.clock.advance(601);
    await short.until(({ ended }) => ended);
    app.clock.advance(-601);
    expect(short.heard).toEqual([{ id: '', event: 'bye', data: { reason: 'token_expired' } }]);
    const late = await ticketOf(app.token(student));
    await app.as('admin', tenant).post(`/users/${student.userId}/deactivate`).expect(200);
    await other.until(({ ended }) => ended);
    expect((await listen(student, { ticket: late })).status).toBe(401);
  });

  it('stands in no line of the log', async () => {
    const log: string[] = [];
    const loud = await startApp({ log, db: app.db });
    try {
      const { body } = await loud.as(ada).post('/events/tickets').expect(201);
      const { ticket } = body as { ticket: string };
      const client = await EventClient.open(loud, ada, { ticket });
      expect(client.status).toBe(200);
      await loud.anonymous.get(`/events?ticket=${ticket}x`).expect(401);
      client.cut();
      expect(log.join('')).toContain('/events');
      expect(log.join('')).not.toContain(ticket.slice(0, 40));
    } finally {
      await loud.stop();
    }
  });
});

describe('who somebody is', () => {
  it('is looked at again as soon as it changes, not half a minute later', async () => {
    const slow = await startApp({ worker: true, db: app.db, environment: { EVENTS_LOOK_SECONDS: '300' } });
    try {
      const [gone, into] = [student, await createStudent(app.database, ada)];
      const admin = slow.as('admin', tenant);
      const clients: EventClient[] = [];
      for (const viewer of [gone, into, ada]) clients.push(await EventClient.open(slow, viewer));
      const [merged, kept, left] = clients as [EventClient, EventClient, EventClient];
      await admin.post(`/users/${gone.userId}/merge`).send({ intoId: into.userId }).expect(200);
      await merged.until(({ ended }) => ended);
      expect(merged.of('bye')).toMatchObject([{ data: { reason: 'access_lost' } }]);
      await admin.post(`/users/${ada.userId}/deactivate`).expect(200);
      await left.until(({ ended }) => ended);
      expect(kept.ended).toBe(false);
      kept.cut();
    } finally {
      await slow.stop();
    }
  });
});

describe('limits', () => {
  it('gives one viewer so many streams, and another one when one of them has ended', async () => {
    const clients: EventClient[] = [];
    for (let i = 0; i < mostOfViewer; i++) clients.push(await listen(ada));
    const refused = await listen(ada);
    expect(refused.status).toBe(429);
    await refused.until(({ ended }) => ended);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'streams_exceeded', status: 429 });
    expect((await listen(student)).status).toBe(200);
    clients[0]!.cut();
    for (let tries = 0; tries < 200 && refused.status !== 200; tries++) await refused.connect();
    expect(refused.status).toBe(200);
  });
});
