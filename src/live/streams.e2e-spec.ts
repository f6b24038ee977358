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
