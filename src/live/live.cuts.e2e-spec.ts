import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { EventClient } from '../../test/event-client.js';
import { createInstructor, createStudent, createTenant, type Member } from '../../test/factories.js';
import { Outbox } from '../jobs/outbox.js';

const events = 10_000;
const cuts = 50;

/** Carries out of the outbox, and serves nobody. */
let worker: TestApp;
let api: TestApp;
let ada: Member;
let student: Member;

beforeAll(async () => {
  worker = await startApp({ worker: true });
  api = await startApp({ db: worker.db });
  const tenant = await createTenant(worker.database);
  ada = await createInstructor(worker.database, tenant);
  student = await createStudent(worker.database, ada);
});
afterAll(async () => {
  await api.stop();
  await worker.stop();
});

it('hears 10,000 events once each and in order while it is cut off 50 times, and the API is restarted', async () => {
  const outbox = worker.app.get(Outbox, { strict: false });
  const client = await EventClient.open(api, ada, { kinds: 'notification' });
  await client.until(({ lastEventId }) => lastEventId !== '');
  const { tenantId, userId } = ada;
  const ids = Array.from({ length: events }, () => randomUUID());
  const publish = async (): Promise<void> => {
    for (let from = 0; from < events; from += 500) {
      const chunk = ids.slice(from, from + 500);
      await outbox.appendMany(
        tenantId,
        'notifications.created',
        chunk.map((id) => ({ key: userId, payload: { userId, notificationIds: [id] } })),
      );
      // of what is not for her, too
      await outbox.append(tenantId, 'notifications.created', student.userId, { userId: student.userId });
    }
  };
  const publishing = publish();
  for (let cut = 0; cut < cuts; cut++) {
    // somewhere in what is left, and in the middle of whatever is on its way
    const wanted =
      client.heard.length + Math.floor((Math.random() * 2 * (events - client.heard.length)) / (cuts - cut));
    await client.until(({ heard }) => heard.length >= Math.min(wanted, events - 1));
    client.cut();
    if (cut % 10 === 5) await sleep(20);
    if (cut === 25) {
      await api.stop();
      api = await startApp({ db: worker.db });
    }
    await client.connect(api.url);
  }
  await publishing;
  await client.until(({ heard }) => heard.length >= events);
  const heard = client.heard.map(({ data }) => (data.notificationIds as string[])[0]!);
  expect(heard).toHaveLength(events);
  expect(heard.toSorted()).toEqual(ids.toSorted());
  const order = client.heard.map(({ id }) => Number(id));
  expect(order.every((id, index) => index === 0 || id > order[index - 1]!)).toBe(true);
  client.cut();
}, 120_000);

it('is told that the server stops, and goes on with the next', async () => {
  const outbox = worker.app.get(Outbox, { strict: false });
  const client = await EventClient.open(api, ada, { kinds: 'notification' });
  await client.until(({ lastEventId }) => lastEventId !== '');
  await api.stop();
  await client.until(({ ended }) => ended);
  expect(client.heard).toEqual([{ id: '', event: 'bye', data: { reason: 'server_stopping' } }]);
  const { tenantId, userId } = ada;
  await outbox.append(tenantId, 'notifications.created', userId, { userId, notificationIds: [] });
  api = await startApp({ db: worker.db });
  await client.connect(api.url);
  await client.until(({ heard }) => heard.length === 2);
  client.cut();
});
