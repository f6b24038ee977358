import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { readConfig } from '../config.js';
import { Mailer } from './mailer.js';

const mail = { to: 'ada@example.org', subject: 'Zoë’s password', text: 'Hello Zoë\n\n.\nhttps://app/#token=x\n' };
const never = new AbortController().signal;
const mailer = (environment: Record<string, string>): Mailer => new Mailer(readConfig(environment));
const through = (url: string): Mailer =>
  mailer({ SMTP_URL: url, MAIL_FROM: 'Dashboards <no-reply@example.org>', APP_URL: 'https://app' });

describe('with a server', () => {
  let server: MailServer;

  beforeAll(async () => {
    server = await startMailServer();
  });
  afterAll(() => server.stop());

  it('hands the mail over', async () => {
    await through(server.url).send(mail, never);
    const [{ from, to, message }] = server.received as [(typeof server.received)[0]];
    expect([from, to]).toEqual(['no-reply@example.org', ['ada@example.org']]);
    expect(message).toMatch(/^From: Dashboards <no-reply@example\.org>\r$/m);
    expect(message).toMatch(/^Auto-Submitted: auto-generated\r$/im);
    expect(message).toContain('https://app/#token=3Dx');
  });

  it('lets no name or address become a header', async () => {
    const before = server.received.length;
    await through(server.url).send({ ...mail, subject: 'x\r\nBcc: eve@example.org' }, never);
    const { to, message } = server.received.at(-1)!;
    expect(server.received).toHaveLength(before + 1);
    expect(to).toEqual(['ada@example.org']);
    expect(message).not.toMatch(/^bcc/im);
  });

  it('goes to one address and not to a list', async () => {
    const before = server.received.length;
    await through(server.url)
      .send({ ...mail, to: 'ada@example.org, eve@example.org' }, never)
      .catch(() => undefined);
    const recipients = server.received.slice(before).flatMap(({ to }) => to);
    expect(recipients).not.toContain('eve@example.org');
  });

  it('has two forms, its own id, and a way to have no more of them', async () => {
    const unsubscribeUrl = `https://api/api/v1/unsubscribe/${'x'.repeat(200)}`;
    const html = '<p>Hello Zoë</p>';
    await through(server.url).send({ ...mail, html, messageId: '<1.2@example.org>', unsubscribeUrl }, never);
    const { message } = server.received.at(-1)!;
    const head = message.slice(0, message.indexOf('\r\n\r\n')).replaceAll(/\r\n\s+/g, ' ');
    expect(head).toMatch(/^Message-ID: <1\.2@example\.org>$/im);
    expect(head).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/im);
    expect(head).toContain(`\r\nList-Unsubscribe: <${unsubscribeUrl}>`);
    expect(head).toMatch(/^Content-Type: multipart\/alternative;/im);
    expect(message.indexOf('text/plain')).toBeLessThan(message.indexOf('text/html'));
  });

  it('has no way to have no more of what one cannot do without', async () => {
    await through(server.url).send(mail, never);
    expect(server.received.at(-1)!.message).not.toMatch(/list-unsubscribe/i);
  });

  it('keeps every line of its head short, whatever the subject', async () => {
    await through(server.url).send({ ...mail, subject: 'Zoë’s '.repeat(200) }, never);
    const { message } = server.received.at(-1)!;
    const lines = message.slice(0, message.indexOf('\r\n\r\n')).split('\r\n');
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => line.length > 78)).toEqual([]);
    // the coded words, read as RFC 2047 has it
    const words = [...lines.join('').matchAll(/=\?UTF-8\?Q\?(.*?)\?=/gi)].map(([, word]) => word!.replaceAll('_', ' '));
    const bytes = words
      .join('')
      .replaceAll(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    expect(Buffer.from(bytes, 'latin1').toString().trim()).toBe('Zoë’s '.repeat(200).trim());
  });

  it.each([
    ['passing', 'RCPT', 450, '4.2.1 busy', 'EENVELOPE, RCPT TO, 450, 4.2.1'],
    ['bounced', 'RCPT', 550, '5.1.1 no such user', 'EENVELOPE, RCPT TO, 550, 5.1.1'],
    ['bounced', 'RCPT', 550, 'no such user', 'EENVELOPE, RCPT TO, 550'],
    ['passing', 'RCPT', 552, '5.2.2 mailbox full', 'EENVELOPE, RCPT TO, 552, 5.2.2'],
    ['final', 'RCPT', 554, '5.7.1 relay access denied', 'EENVELOPE, RCPT TO, 554, 5.7.1'],
    ['final', 'RCPT', 554, 'no', 'EENVELOPE, RCPT TO, 554'],
    ['passing', 'MAIL', 550, '5.7.1 who are you', 'EENVELOPE, MAIL FROM, 550, 5.7.1'],
    ['passing', 'DATA', 451, 'later', 'EMESSAGE, DATA, 451'],
    ['final', 'DATA', 554, '5.6.0 not that', 'EMESSAGE, DATA, 554, 5.6.0'],
  ] as const)('tells what is %s when %s is answered %i %s', async (kind, at, code, text, reason) => {
    server.refuse(1, { at, code, text });
    await expect(through(server.url).send(mail, never)).rejects.toMatchObject({ kind, reason });
  });

  it('may go later when the server dies in the middle of it, or greets too late', async () => {
    const before = server.received.length;
    server.behave('dying');
    await expect(through(server.url).send(mail, never)).rejects.toMatchObject({ kind: 'passing' });
    server.behave({ greetsAfterMilliseconds: 60_000 });
    await expect(through(server.url).send(mail, AbortSignal.timeout(100))).rejects.toMatchObject({ kind: 'passing' });
    server.behave('well');
    expect(server.received).toHaveLength(before);
    await through(server.url).send(mail, never);
  });

  it('fails when it is refused, and repeats nothing of what the server said', async () => {
    server.refuse(1);
    const error = await through(server.url).send(mail, never).catch(String);
    expect(error).toBe('MailFailure: the mail was not taken over: EENVELOPE, RCPT TO, 451');
  });
});

describe('without an answer', () => {
  let silent: Server;

  beforeAll(async () => {
    silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => silent.close());

  const url = (): string => `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`;

  it('gives up by itself', async () => {
    await expect(through(url()).send(mail, never)).rejects.toThrow('the mail was not taken over: ETIMEDOUT');
  });

  it('gives up when it is told to', async () => {
    await expect(through(url()).send(mail, AbortSignal.timeout(50))).rejects.toThrow('the mail was not taken over');
  });

  it('fails where nobody listens', async () => {
    const server = await startMailServer();
    await server.stop();
    await expect(through(server.url).send(mail, never)).rejects.toThrow('ESOCKET');
  });
});

it('writes mails down where there is no server', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'instructor-dashboard-mail-'));
  try {
    const files = mailer({ DATA_DIR: dataDir });
    await Promise.all([files.send(mail, never), files.send({ ...mail, to: 'ben@example.org' }, never)]);
    const names = await readdir(join(dataDir, 'mail'));
    expect(names).toHaveLength(2);
    expect((await stat(join(dataDir, 'mail', names[0]!))).mode & 0o777).toBe(0o600);
    const texts = await Promise.all(names.map((name) => readFile(join(dataDir, 'mail', name), 'utf8')));
    expect(texts.map((text) => /^To: (.*)\r$/m.exec(text)?.[1]).sort()).toEqual(['ada@example.org', 'ben@example.org']);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

it('wants to know who sends, and where links lead', () => {
  expect(() => readConfig({ SMTP_URL: 'smtp://mail.example.org' })).toThrow(/needs MAIL_FROM\n.*needs APP_URL/);
});
