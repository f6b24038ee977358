import { Inject, Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { TenantsService } from '../org/tenants.service.js';
import { backOffSeconds, pauseSeconds } from './back-off.js';
import { Calendar } from './calendar.js';
import { type Channel, type ChannelName, CHANNELS, DeliveryFailure, type Outgoing } from './channel.js';
import { compose, mostItems } from './compose.js';
import { type ClaimedDelivery, DeliveriesRepository, type Outcome } from './deliveries.repository.js';
import { SubjectsRepository } from './subjects.repository.js';

/** Sent at the same time; what a killed worker may have sent without having written it down. */
const width = 10;
/** One delivery, then it counts as a passing fault. */
const sendSeconds = 30;
/** Longer than that: nobody else sends what is still being sent. */
const leaseSeconds = 60;
/** Then others have their turn. */
const turnMilliseconds = 20_000;
/** Passing faults in a row, without anything that was taken, after which the channel is paused. */
const mostFaults = 5;
const mostGathered = 1_000;
/** Of what kills its worker each time, and so writes down nothing. */
const mostBegun = 50;

interface Lane {
  readonly tenantId: string;
  readonly channel: Channel;
}

export interface Turn {
  readonly tried: number;
  /** Whether it ended with more to send. */
  readonly hasMore: boolean;
}

/** Sends what is due: at least once, with the same id at each attempt. */
@Injectable()
export class Sender {
  private readonly logger = new Logger('Channels');

  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly subjects: SubjectsRepository,
    private readonly tenants: TenantsService,
    private readonly config: Config,
    private readonly clock: Clock,
    @Inject(CHANNELS) private readonly channels: readonly Channel[],
  ) {}

  /** What is due for a tenant by one channel, for as long as a turn is. Any number of these may run at once. */
  async send(tenantId: string, name: ChannelName, signal: AbortSignal): Promise<Turn> {
    const channel = this.channels.find((one) => one.name === name);
    let tried = 0;
    if (!channel) return { tried, hasMore: false };
    const lane = { tenantId, channel };
    const begun = performance.now();
    await this.gather(lane, signal);
    for (let faults = 0; ;) {
      signal.throwIfAborted();
      if (performance.now() - begun > turnMilliseconds) return { tried, hasMore: true };
      const now = this.clock.now();
      const pause = await this.deliveries.findPause(tenantId, name);
      if (pause && new Date(pause.pausedUntil) > now) return { tried, hasMore: false };
      const limit = pause ? 1 : width;
      const claimed = await this.deliveries.claim(tenantId, name, now, { limit, leaseSeconds });
      if (claimed.length === 0) return { tried, hasMore: false };
      const outcomes = await this.attempt(lane, claimed, now, signal);
      await this.deliveries.record(tenantId, outcomes, this.clock.now());
      tried += claimed.length;
      const asked = outcomes.filter(({ isUntried }) => !isUntried);
      const ill = asked.filter(({ isFault }) => isFault);
      if (asked.length > ill.length) {
        faults = 0;
        if (pause) await this.deliveries.resume(tenantId, name);
      } else if ((faults += ill.length) >= (pause ? 1 : mostFaults)) {
        await this.pause(lane, (pause?.faults ?? 0) + 1, ill.at(-1)?.error ?? 'fault');
        return { tried, hasMore: false };
      }
    }
  }

  private async gather({ tenantId, channel: { name } }: Lane, signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    for (;;) {
      signal.throwIfAborted();
      const userIds = await this.deliveries.listDuePeople(tenantId, name, now, mostGathered);
      if (userIds.length === 0) return;
      const digests = userIds.map((userId) => ({ id: uuidv7(), userId }));
      await this.deliveries.gather(tenantId, name, digests, now);
    }
  }

  private async attempt(
    { tenantId, channel }: Lane,
    claimed: readonly ClaimedDelivery[],
    now: Date,
    signal: AbortSignal,
  ): Promise<Outcome[]> {
    const ids = claimed.map(({ id }) => id);
    const items = await this.subjects.listItems(tenantId, ids, now, mostItems);
    const reached = await channel.reach(tenantId, items);
    const { timeZone } = await this.tenants.get(tenantId);
    const calendar = new Calendar(now, timeZone);
    const origin = { tenantId, channel: channel.name, appUrl: this.config.appUrl };
    return Promise.all(
      claimed.map(async (delivery) => {
        const own = items.filter(({ deliveryId }) => deliveryId === delivery.id);
        const outgoing = compose(delivery, own, origin);
        if (typeof outgoing === 'string') return untried(delivery, { state: 'suppressed', error: outgoing });
        if (!reached.has(outgoing.to.userId)) return untried(delivery, { state: 'suppressed', error: 'unreachable' });
        if (delivery.attempts > mostBegun) return untried(delivery, { state: 'failed', error: 'begun too often' });
        const dueAt = delivery.priority === 'urgent' ? now : calendar.soonest(own[0]!);
        if (dueAt > now) return untried(delivery, { dueAt });
        return this.try(channel, delivery, outgoing, signal);
      }),
    );
  }

  private async try(
    channel: Channel,
    delivery: ClaimedDelivery,
    outgoing: Outgoing,
    stop: AbortSignal,
  ): Promise<Outcome> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(sendSeconds * 1_000)]);
    try {
      const { isDelivered, reference } = await orAborted(signal, channel.send(outgoing, signal));
      const state = isDelivered ? 'delivered' : 'sent';
      return untried(delivery, { isUntried: false, state, reference });
    } catch (error) {
      // a worker that stops says nothing of the other side
      if (stop.aborted) return untried(delivery, { dueAt: this.clock.now() });
      return failed(delivery, this.understood(error, channel, signal), this.clock.now());
    }
  }

  private understood(error: unknown, { name }: Channel, signal: AbortSignal): DeliveryFailure {
    if (error instanceof DeliveryFailure) return error;
    if (signal.aborted) return new DeliveryFailure('passing', 'timeout');
    this.logger.error({ message: 'a channel failed in its own way', channel: name, error: String(error) });
    return new DeliveryFailure('passing', 'fault');
  }

  private async pause({ tenantId, channel: { name } }: Lane, faults: number, error: string): Promise<void> {
    const now = this.clock.now();
    await this.deliveries.pause(tenantId, name, faults, after(now, pauseSeconds(faults)));
    await this.deliveries.giveUp(tenantId, name, error, now);
  }
}

/** Nobody was asked to take it. Unless told it waits as it did. */
function untried({ id, attempts: attempt }: ClaimedDelivery, end: Partial<Outcome>): Outcome {
  const nothing = { isUntried: true, isFault: false, dueAt: null, reference: null, error: null } as const;
  return { id, attempt, state: 'queued', ...nothing, ...end };
}

function failed(delivery: ClaimedDelivery, { kind, message, retryAfterSeconds }: DeliveryFailure, now: Date): Outcome {
  const outcome = untried(delivery, { isUntried: false, error: message });
  if (kind !== 'passing') return { ...outcome, state: kind === 'bounced' ? 'bounced' : 'failed' };
  const dueAt = after(now, backOffSeconds(delivery.attempts, Math.random(), retryAfterSeconds));
  const isOver = dueAt > new Date(delivery.giveUpAt);
  return { ...outcome, isFault: true, ...(isOver ? { state: 'failed' } : { dueAt }) };
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000);
}

/** A channel that does not listen to its signal is not waited for. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}
