import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createTenant } from '../../test/factories.js';
import { backends, closeJobs, db, openJobs, runsOf, start, stopAll, until } from '../../test/jobs.js';
import { parseMail } from '../../test/mails.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { sendInvitation } from '../jobs/catalogue.js';
import { AccountJobs } from './account.jobs.js';
import { LinkRequestsService } from './link-requests.service.js';

const password = 'correct horse battery staple';
/** As it is, but not waiting half a minute. */
const job = { ...sendInvitation, attempts: 3, backoffSeconds: 0.1 };
let server: MailServer;
let t: TestApp;

beforeAll(async () => {
  await openJobs();
  server = await startMailServer();
  const environment = { SMTP_URL: server.url, MAIL_FROM: 'no-reply@example.org', APP_URL: 'https://app.example.org' };
  t = await startApp({ db, environment });
});

afterAll(async () => {
  await t.stop();
  await server.stop();
  await closeJobs();
});

afterEach(stopAll);

const accept = async (token: string): Promise<number> =>
  (await t.anonymous.post('/auth/invitations/accept').send({ token, password })).status;

describe.each(backends)('on %s', (backend) => {
  it('mails are tried again when the server refuses them for now, and the last link counts', async () => {
    const tenant = await createTenant(t.database);
    const guest = await createAdmin(t.database, tenant);
    server.refuse(2);
    const jobs = t.app.get(AccountJobs, { strict: false });
    await start(backend, [[job, (run) => jobs.sendInvitation(run)]]);
    await t.app.get(LinkRequestsService, { strict: false }).invite(tenant.tenantId, [guest.userId]);
    const mails = await until(async () => server.received.filter(({ to }) => to.includes(guest.email)));
    expect(mails).toHaveLength(1);
    const [run] = await until(() =>
      runsOf(job, 'completed').then((all) => all.filter(({ key }) => key === guest.userId)),
    );
    expect(run).toMatchObject({ attempt: 3, outcome: { sent: 1 }, error: null });
    expect(await accept(parseMail(mails[0]!.message).token)).toBe(200);
  });

  it('mails that are never taken over end as a failure that tells no address', async () => {
    const tenant = await createTenant(t.database);
    const guest = await createAdmin(t.database, tenant);
    server.refuse(3);
    const jobs = t.app.get(AccountJobs, { strict: false });
    await start(backend, [[job, (run) => jobs.sendInvitation(run)]]);
    await t.app.get(LinkRequestsService, { strict: false }).invite(tenant.tenantId, [guest.userId]);
    const [run] = await until(() => runsOf(job, 'failed').then((all) => all.filter(({ key }) => key === guest.userId)));
    expect(run).toMatchObject({ attempt: 3, error: 'the mail was not taken over: EENVELOPE, RCPT TO, 451' });
  });

  it('a job that is told twice mails twice, and the later link counts', async () => {
    const tenant = await createTenant(t.database);
    const guest = await createAdmin(t.database, tenant);
    const jobs = t.app.get(AccountJobs, { strict: false });
    const run = { job: job.name, tenantId: tenant.tenantId, key: guest.userId, occasion: 'outbox-1', payload: {} };
    for (const attempt of [1, 2]) await jobs.sendInvitation({ ...run, attempt, signal: new AbortController().signal });
    const mails = server.received.filter(({ to }) => to.includes(guest.email));
    const [first, second] = mails.map(({ message }) => parseMail(message).token) as [string, string];
    expect(await accept(first)).toBe(400);
    expect(await accept(second)).toBe(200);
  });
});
