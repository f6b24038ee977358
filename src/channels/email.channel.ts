import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Mailer, MailFailure } from '../mail/mailer.js';
import { TenantsService } from '../org/tenants.service.js';
import { BouncesRepository } from './bounces.repository.js';
import { type Accepted, type Channel, DeliveryFailure, type Outgoing, type Reachable } from './channel.js';
import { frame } from './mail-frame.js';
import { messageIdOf } from './message-ids.js';
import { UnsubscribeTokens } from './unsubscribe-tokens.js';

@Injectable()
export class EmailChannel implements Channel {
  readonly name = 'email';

  constructor(
    private readonly mailer: Mailer,
    private readonly bounces: BouncesRepository,
    private readonly tokens: UnsubscribeTokens,
    private readonly tenants: TenantsService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Nobody whose address sends mails back; nobody at all without a server, since as files mails would pile up. */
  async reach(tenantId: string, users: readonly Reachable[]): Promise<ReadonlySet<string>> {
    if (this.config.mail.smtpUrl === undefined) return new Set();
    const addressed = users.filter(({ email }) => email !== null);
    const bounced = new Set(await this.bounces.listHard(tenantId, addressed.map(({ email }) => email!))); // prettier-ignore
    return new Set(addressed.flatMap(({ userId, email }) => (bounced.has(email!) ? [] : userId)));
  }

  async send({ id, tenantId, category, to, ...content }: Outgoing, signal: AbortSignal): Promise<Accepted> {
    const { userId, email } = to;
    if (email === null) throw new DeliveryFailure('final', 'there is no address');
    const token = this.tokens.sign({ tenantId, userId, category });
    const unsubscribeUrl = `${this.config.apiUrl}/api/v1/unsubscribe/${token}`;
    const { name: organisation } = await this.tenants.get(tenantId);
    const messageId = messageIdOf(id, email, this.config.mail.from);
    const mail = { to: email, subject: content.subject, ...frame(content, { organisation, unsubscribeUrl }) };
    try {
      await this.mailer.send({ ...mail, messageId, unsubscribeUrl }, signal);
    } catch (error) {
      if (!(error instanceof MailFailure)) throw error;
      if (error.kind === 'bounced') {
        const bounce = { address: email, kind: 'hard' as const, reason: error.reason };
        await this.bounces.upsert(tenantId, [bounce], this.clock.now());
      }
      throw new DeliveryFailure(error.kind, error.message);
    }
    return { isDelivered: false, reference: messageId };
  }
}
