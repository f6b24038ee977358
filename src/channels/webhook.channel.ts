import { Injectable } from '@nestjs/common';
import { UsersRepository } from '../org/users.repository.js';
import type { Accepted, Channel, Outgoing, Reachable } from './channel.js';
import { EndpointCalls } from './endpoint-calls.js';

/** To a tenant's own system, which brings it to the person: docs/channels.md. */
@Injectable()
export class WebhookChannel implements Channel {
  readonly name = 'webhook';

  constructor(
    private readonly calls: EndpointCalls,
    private readonly users: UsersRepository,
  ) {}

  async reach(tenantId: string, users: readonly Reachable[]): Promise<ReadonlySet<string>> {
    return new Set((await this.calls.isActive(tenantId, 'webhook')) ? users.map(({ userId }) => userId) : []);
  }

  async send({ id, tenantId, to, ...outgoing }: Outgoing, signal: AbortSignal): Promise<Accepted> {
    const { category, priority, occurredAt, subject, text, html, actionUrl } = outgoing;
    const user = await this.users.find(tenantId, to.userId);
    const recipient = { userId: to.userId, pid: user?.pid ?? null, name: to.name };
    const payload = { id, type: 'delivery', category, priority, occurredAt, recipient, subject, text, html, actionUrl };
    return this.calls.send(tenantId, 'webhook', { id, payload }, signal);
  }
}
