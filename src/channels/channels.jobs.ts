import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import {
  deleteOldDeliveries,
  findDueDeliveries,
  queueDeliveries,
  sendDueDeliveries,
} from '../jobs/catalogue.channels.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { Outbox } from '../jobs/outbox.js';
import { type Channel, type ChannelName, CHANNELS } from './channel.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { Queueing } from './queueing.service.js';
import { Sender } from './sender.service.js';
import { SubjectsRepository } from './subjects.repository.js';

/** Those of messages are kept as long as the messages. */
const keptDays = 90;

@Injectable()
export class QueueingJobs {
  constructor(
    private readonly subjects: SubjectsRepository,
    private readonly queueing: Queueing,
    private readonly clock: Clock,
  ) {}

  /** Of a message for some of its recipients, or of lines in some trays. */
  @Handles(queueDeliveries)
  async queue({ tenantId, payload }: Run): Promise<Outcome> {
    const { messageId, userIds, notificationIds } = payload as {
      messageId?: string;
      userIds?: readonly string[];
      notificationIds?: readonly string[];
    };
    const now = this.clock.now();
    const subjects = messageId
      ? await this.subjects.listOfMessage(tenantId!, messageId, userIds ?? [], now)
      : await this.subjects.listOfNotifications(tenantId!, notificationIds ?? [], now);
    return { wanted: await this.queueing.add(tenantId!, subjects, now) };
  }
}

@Injectable()
export class SendingJobs {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly sender: Sender,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CHANNELS) private readonly channels: readonly Channel[],
  ) {}

  /** A job for each tenant and channel: who is slow to take things holds up nobody else's. */
  @Handles(findDueDeliveries)
  async findDue(): Promise<Outcome> {
    const names = this.channels.map(({ name }) => name);
    const lanes = await this.deliveries.listDueLanes(names, this.clock.now());
    for (const { tenantId, channel } of lanes) await this.announce(tenantId, channel);
    return { lanes: lanes.length };
  }

  /** The event's key is the channel. */
  @Handles(sendDueDeliveries)
  async send({ tenantId, key, signal }: Run): Promise<Outcome> {
    const channel = key as ChannelName;
    const turn = await this.sender.send(tenantId!, channel, signal);
    if (turn.hasMore) await this.announce(tenantId!, channel);
    return { ...turn };
  }

  @Handles(deleteOldDeliveries)
  async deleteOld({ signal }: Run): Promise<Outcome> {
    const before = new Date(this.clock.now().getTime() - keptDays * 86_400_000);
    return { deleted: await deleteInBatches(signal, (limit) => this.deliveries.deleteOld(before, limit)) };
  }

  private announce(tenantId: string, channel: ChannelName): Promise<void> {
    return this.outbox.append(tenantId, 'channels.deliveries-due', channel, { channel });
  }
}
