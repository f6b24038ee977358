import { Injectable } from '@nestjs/common';
import { type Accepted, type Channel, DeliveryFailure, type Outgoing, type Reachable } from './channel.js';
import { EndpointCalls } from './endpoint-calls.js';

/** Of a text, in UTF-16 units: ten parts of a long short message, in letters that have room for 160 to a part. */
const longestText = 1_600;

/** To whatever system of the tenant's sends short messages: docs/channels.md. */
@Injectable()
export class SmsChannel implements Channel {
  readonly name = 'sms';

  constructor(private readonly calls: EndpointCalls) {}

  async reach(tenantId: string, users: readonly Reachable[]): Promise<ReadonlySet<string>> {
    if (!(await this.calls.isActive(tenantId, 'sms'))) return new Set();
    return new Set(users.flatMap(({ userId, phone }) => (phone === null ? [] : userId)));
  }

  async send({ id, tenantId, to, subject, text, actionUrl }: Outgoing, signal: AbortSignal): Promise<Accepted> {
    if (to.phone === null) throw new DeliveryFailure('final', 'there is no telephone number');
    const payload = { id, type: 'sms', to: to.phone, text: shortened(`${subject}\n${text}`, actionUrl) };
    return this.calls.send(tenantId, 'sms', { id, payload }, signal);
  }
}

/** With the link whole, and no half of a letter. */
function shortened(text: string, link: string | null): string {
  const end = link === null ? '' : `\n${link}`;
  const room = longestText - end.length;
  const cut = text.length <= room ? text : `${text.slice(0, room - 1).replace(/\p{Surrogate}$/u, '')}…`;
  return cut + end;
}
