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
}

type Addressed = Omit<Mail, 'to'> & { readonly to: { readonly name: string; readonly address: string } };

/** What the server said is left out: it repeats addresses, and this ends up in logs. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
}

const answerMilliseconds = 5_000;
/** Also where the server is never silent for long, and never ends. */
const longestMilliseconds = 30_000;

/** Sends mails, or writes them down where there is no server to send them to. For jobs only: it waits for others. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger('Mail');
  private readonly directory: string;
  private readonly deliver: (mail: Addressed, signal: AbortSignal) => Promise<void>;
  private told = false;

  constructor({ mail: { smtpUrl, from }, dataDir }: Config) {
    const defaults = {
      from,
      // RFC 3834: nobody's holiday notice comes back
      headers: { 'auto-submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
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
  async send(mail: Mail, signal: AbortSignal): Promise<void> {
    // as an object it is not read as a list
    const to = { name: '', address: mail.to };
    try {
      await this.deliver({ ...mail, to }, AbortSignal.any([signal, AbortSignal.timeout(longestMilliseconds)]));
    } catch (error) {
      const { code, command, responseCode } = error as NodemailerError;
      const what = [code ?? 'no code', command, responseCode].filter(Boolean).join(', ');
      throw new MailFailure(`the mail was not taken over: ${what}`);
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
