import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant } from '../../test/factories.js';
import { MailChannel, useChannel } from '../../test/mail-channel.js';
import { deliveriesOf, statesOf } from '../../test/outgoing.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { untilCounted } from '../../test/worker-process.js';
import type { Accepted, Outgoing } from './channel.js';

let app: TestApp;
let servers: [MailServer, MailServer];

beforeAll(async () => {
  servers = [await startMailServer(), await startMailServer()];
  app = await startApp({ worker: true });
}, 30_000);
afterAll(async () => {
  await app.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

/** A tenant whose instructor has written to that many. */
async function write(count: number): Promise<{ tenantId: string; send: () => Promise<void> }> {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  await createStudents(app.database, instructor, Array(count).fill({}));
  const send = async (): Promise<void> => {
    const message = { subject: 'Hello', body: 'How are you?', to: { filter: {} } };
    await app.as(instructor).post('/messages').send(message).expect(201);
  };
  return { tenantId: tenant.tenantId, send };
}
const arrived = (server: MailServer, count: number): Promise<void> =>
  untilCounted(() => Promise.resolve({ count: server.received.length }), count);

it('goes from the request to the mailbox, and a tenant whose server does not answer holds up no other', async () => {
  const [slow, quick] = servers;
  const [waiting, other] = [await write(30), await write(30)];
  /** Each tenant has a server of its own. */
  class MailChannels extends MailChannel {
    private readonly slow = new MailChannel(slow.url);

    override send(outgoing: Outgoing, signal: AbortSignal): Promise<Accepted> {
      return outgoing.tenantId === waiting.tenantId ? this.slow.send(outgoing, signal) : super.send(outgoing, signal);
    }
  }
  useChannel(app, new MailChannels(quick.url));
  const release = slow.hold();
  await waiting.send();
  await arrived(slow, 10);
  await other.send();
  await arrived(quick, 30);
  expect(slow.received).toHaveLength(10);
  release();
  const sent = (): Promise<{ count: number }> =>
    statesOf(app, other).then((states) => ({ count: states.filter((state) => state === 'sent').length }));
  await untilCounted(sent, 30);
  const ids = quick.received.map(({ message }) => /id ([0-9a-f-]{36})/.exec(message)![1]!);
  expect([...ids].sort()).toEqual((await deliveriesOf(app, other)).map(({ id }) => id).sort());
}, 60_000);
