import type { Accepted, Channel, Outgoing, Reachable } from '../src/channels/channel.js';
import { CHANNELS, DeliveryFailure } from '../src/channels/channel.js';
import { readConfig } from '../src/config.js';
import { MailFailure, Mailer } from '../src/mail/mailer.js';

/** Mails as little as there is to a mail server of the test: what the queue does is seen at the other side of a wire. */
export class MailChannel implements Channel {
  readonly name = 'email';
  private readonly mailer: Mailer;

  constructor(smtpUrl: string) {
    this.mailer = new Mailer(
      readConfig({ SMTP_URL: smtpUrl, MAIL_FROM: 'no-reply@example.org', APP_URL: 'https://app' }),
    );
  }

  reach(_: string, users: readonly Reachable[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(users.filter(({ email }) => email !== null).map(({ userId }) => userId)));
  }

  async send({ id, to, subject, text }: Outgoing, signal: AbortSignal): Promise<Accepted> {
    try {
      await this.mailer.send({ to: to.email!, subject, text: `${text}\n\nid ${id}` }, signal);
      return { isDelivered: false, reference: id };
    } catch (error) {
      throw error instanceof MailFailure ? new DeliveryFailure('passing', error.message) : error;
    }
  }
}

/** In place of the channels that an application has. */
export function useChannel({ app }: { app: { get(token: symbol, options: object): unknown } }, channel: Channel): void {
  const channels = app.get(CHANNELS, { strict: false }) as Channel[];
  channels.splice(0, channels.length, channel);
}
