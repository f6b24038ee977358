import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { TenantsService } from '../org/tenants.service.js';
import { Calendar } from './calendar.js';
import { categoryOf, type Channel, type ChannelName, CHANNELS } from './channel.js';
import { DeliveriesRepository, type NewDelivery } from './deliveries.repository.js';
import { chosenBy } from './recipient.js';
import type { Subject } from './subjects.repository.js';

/** What programs send to a student by one channel on one of the student's days; what is more goes into the next digest. */
export const mostPerDay = 5;

interface Planned extends NewDelivery {
  readonly subject: Subject;
}

/** Decides by which channels and when people are told of things. */
@Injectable()
export class Queueing {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveriesRepository,
    private readonly tenants: TenantsService,
    private readonly outbox: Outbox,
    @Inject(CHANNELS) private readonly channels: readonly Channel[],
  ) {}

  /**
   * Once for each thing, person and channel: what is told again adds nothing.
   * @param subjects at most some thousand
   * @returns how many were wanted by a channel that reaches them
   */
  async add(tenantId: string, subjects: readonly Subject[], now: Date): Promise<number> {
    const { timeZone } = await this.tenants.get(tenantId);
    const calendar = new Calendar(now, timeZone);
    const planned: Planned[] = [];
    for (const channel of this.channels) {
      const wanted = subjects.filter((subject) => choiceFor(subject).channels.includes(channel.name));
      if (wanted.length === 0) continue;
      const reached = await channel.reach(tenantId, wanted);
      const own = wanted.filter(({ userId }) => reached.has(userId));
      planned.push(...own.map((subject) => plan(subject, channel.name, calendar, now)));
    }
    if (planned.length === 0) return 0;
    await this.database.transaction(async () => {
      const spread = await this.spare(tenantId, planned, calendar);
      const rows = spread.map(({ subject: _, ...row }) => row);
      for (const channel of await this.deliveries.insert(tenantId, rows, now)) {
        await this.outbox.append(tenantId, 'channels.deliveries-due', channel, { channel });
      }
    });
    return planned.length;
  }

  /** Students from more than so many a day. */
  private async spare(tenantId: string, planned: readonly Planned[], calendar: Calendar): Promise<readonly Planned[]> {
    const counted = planned.filter(isCounted);
    if (counted.length === 0) return planned;
    await this.deliveries.lockPlans(tenantId);
    const days = counted.map(({ subject, userId, channel, dueAt }) => ({
      userId,
      channel,
      ...calendar.dayOf(subject, dueAt),
    }));
    const counts = await this.deliveries.countPlanned(tenantId, days);
    const sent = new Map<string, number>();
    counted.forEach(({ id }, index) => sent.set(id, counts[index]!));
    const added = new Map<string, number>();
    return planned.map((one) => {
      if (!isCounted(one)) return one;
      const { subject, userId, channel, dueAt } = one;
      const place = `${userId} ${channel} ${calendar.dayOf(subject, dueAt).from.getTime()}`;
      const more = added.get(place) ?? 0;
      added.set(place, more + 1);
      if (sent.get(one.id)! + more < mostPerDay) return one;
      return { ...one, isHeld: true, dueAt: calendar.digestAfter(subject, 'daily', dueAt) };
    });
  }
}

function choiceFor(subject: Subject) {
  return chosenBy(subject)[categoryOf[subject.type]];
}

function plan(subject: Subject, channel: ChannelName, calendar: Calendar, now: Date): Planned {
  const { userId, type, priority, messageId, notificationId } = subject;
  const { digest } = choiceFor(subject);
  const isUrgent = priority === 'urgent';
  const isHeld = !isUrgent && digest !== 'immediately';
  return {
    id: uuidv7(),
    subject,
    userId,
    channel,
    // a line that was told of and becomes urgent is told of once more
    cause: messageId ? `message:${messageId}` : `notification:${notificationId}${isUrgent ? ':urgent' : ''}`,
    category: categoryOf[type],
    priority,
    messageId,
    notificationId,
    isHeld,
    dueAt: isUrgent ? now : isHeld ? calendar.digestAfter(subject, digest) : calendar.soonest(subject),
  };
}

function isCounted({ subject, isHeld, priority }: Planned): boolean {
  return subject.role === 'student' && subject.notificationId !== null && !isHeld && priority !== 'urgent';
}
