import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { createTransport, type NodemailerError } from 'nodemailer';
import { Config } from '../config.js';

export interface Mail {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same, for who would rather have it so. */
  readonly html?: string;
  /** `<local@domain>`: the same each time that it is sent; made up unless told. */
  readonly messageId?: string;
  /** A POST there ends mails of this sort, as RFC 8058 has it. Not for mails that one cannot do without. */
  readonly unsubscribeUrl?: string;
}

/** What nodemailer is given. */
interface Prepared extends Omit<Mail, 'to' | 'unsubscribeUrl'> {
  readonly to: { readonly name: string; readonly address: string };
  readonly headers: Readonly<Record<string, string>>;
}

/** What the server said is left out but for its codes: it repeats addresses, and this ends up in logs. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';

  /**
   * @param kind `passing`: it may be taken over later; `final`: this mail never will; `bounced`: nor will any other to
   *   this address
   */
  constructor(
    readonly kind: 'passing' | 'final' | 'bounced',
    readonly reason: string,
  ) {
    super(`the mail was not taken over: ${reason}`);
  }
}

const answerMilliseconds = 5_000;
/** Also where the server is never silent for long, and never ends. */
const longestMilliseconds = 30_000;

/** Sends mails, or writes them down where there is no server to send them to. For jobs only: it waits for others. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger('Mail');
  private readonly directory: string;
  private readonly deliver: (mail: Prepared, signal: AbortSignal) => Promise<void>;
  private told = false;

  constructor({ mail: { smtpUrl, from }, dataDir }: Config) {
    const defaults = { from, disableFileAccess: true, disableUrlAccess: true };
    this.directory = join(dataDir, 'mail');
    if (smtpUrl === undefined) {
      const files = createTransport({ streamTransport: true, buffer: true, newline: 'windows' }, defaults);
      this.deliver = async (mail) => this.writeDown((await files.sendMail(mail)).message as Buffer);
    } else {
      const timeouts = {
        dnsTimeout: answerMilliseconds,
        connectionTimeout: answerMilliseconds,
        greetingTimeout: answerMilliseconds,
        socketTimeout: 2 * answerMilliseconds,
      };
      const smtp = createTransport({ url: smtpUrl, ...timeouts }, defaults);
      this.deliver = async (mail, signal) => void (await smtp.sendMail({ ...mail, signal }));
    }
  }

  /**
   * Resolves when the server has taken the mail over.
   * @throws MailFailure when it did not, or not within 30 s; whether it sends the mail all the same is then not known
   */
  async send({ to, unsubscribeUrl, ...mail }: Mail, signal: AbortSignal): Promise<void> {
    const prepared = {
      ...mail,
      // as an object it is not read as a list
      to: { name: '', address: to },
      headers: {
        // RFC 3834: nobody's holiday notice comes back
        'auto-submitted': 'auto-generated',
        ...(unsubscribeUrl !== undefined && {
          'list-unsubscribe': `<${unsubscribeUrl}>`,
          'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
        }),
      },
    };
    try {
      await this.deliver(prepared, AbortSignal.any([signal, AbortSignal.timeout(longestMilliseconds)]));
    } catch (error) {
      throw failureOf(error as NodemailerError);
    }
  }

  private async writeDown(message: Buffer): Promise<void> {
    if (!this.told) this.logger.warn(`mails are not sent but written to ${this.directory}: set SMTP_URL to send them`);
    this.told = true;
    // they hold links that open accounts
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const name = `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${randomUUID()}.eml`;
    await writeFile(join(this.directory, name), message, { mode: 0o600, flag: 'wx' });
  }
}

/** Of what the server refuses for good, only what it says of the recipient is the recipient's: the rest is ours. */
function failureOf({ code, command, responseCode, response }: NodemailerError): MailFailure {
  // RFC 3463
  const status = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
  const reason = [code ?? 'no code', command, responseCode, status].filter(Boolean).join(', ');
  const unreadable = code === 'EENVELOPE' && command === 'API';
  if (unreadable) return new MailFailure('final', reason);
  if (responseCode === undefined || responseCode < 500) return new MailFailure('passing', reason);
  if (command === 'DATA') return new MailFailure('final', reason);
  // whether we may send at all is for our configuration to be set right
  if (command !== 'RCPT TO') return new MailFailure('passing', reason);
  if (status === '5.2.2') return new MailFailure('passing', reason); // a full mailbox
  // 5.7: by its policy. Who does not say more may mean us, and not the mailbox, by anything but these
  const isMailbox = status === undefined ? [550, 551, 553].includes(responseCode) : !status.startsWith('5.7.');
  return new MailFailure(isMailbox ? 'bounced' : 'final', reason);
}
