import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import type { JobDefinition } from './job.js';
import { Loop } from './loop.js';
import { Outbox } from './outbox.js';
import { OutboxRepository, type OutboxEvent } from './outbox.repository.js';
import { Queues, type NewJob } from './queues.js';
import { WakeUps } from './wake-ups.js';

const batchSize = 200;
const pollSeconds = 1;
/** Longer than one batch can take while the queue does not answer. */
const leaseSeconds = 60;

/**
 * Carries committed events out of the outbox. Any number of relays may run: they take different rows. One that dies
 * between handing over and marking leaves its rows to be handed over again, under the same ids.
 */
@Injectable()
export class Relay {
  private readonly logger = new Logger('Relay');
  private readonly loop = new Loop(pollSeconds, () => this.drain());
  private jobs: readonly JobDefinition[] = [];
  private failing = false;

  constructor(
    private readonly repository: OutboxRepository,
    private readonly queues: Queues,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly wakeUps: WakeUps,
  ) {}

  start(jobs: readonly JobDefinition[]): void {
    this.jobs = jobs;
    this.outbox.onCommitted(() => this.loop.wake());
    this.wakeUps.on('outbox', () => this.loop.wake());
    this.loop.start();
  }

  /** Resolves when the batch under way is out. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async drain(): Promise<void> {
    try {
      let size: number;
      do size = await this.relayBatch();
      while (size === batchSize);
      this.failing = false;
    } catch (error) {
      // tried again every second: one line for an outage, not one for each time
      if (!this.failing) this.logger.error({ message: 'events cannot be relayed now', error: String(error) });
      this.failing = true;
    }
  }

  private async relayBatch(): Promise<number> {
    const events = await this.repository.claim(batchSize, leaseSeconds);
    if (events.length === 0) return 0;
    const ids = events.map(({ id }) => id);
    try {
      await this.deliver(events);
    } catch (error) {
      await this.repository.release(ids);
      throw error;
    }
    await this.repository.markRelayed(ids, this.clock.now());
    return events.length;
  }

  /** Before they are marked, so that a crash repeats and never loses. First to whom people are waiting for. */
  private async deliver(events: readonly OutboxEvent[]): Promise<void> {
    await this.outbox.deliver(events);
    await this.queues.add(events.flatMap((event) => this.jobsFor(event)));
  }

  private jobsFor({ id, tenantId, topic, key, payload }: OutboxEvent): NewJob[] {
    return this.jobs.flatMap((definition) => {
      // a tick is addressed to its job, and its key is the occasion
      if (topic === definition.name) return [newJob(definition, { tenantId, key: '', occasion: key, payload })];
      if (!definition.on?.includes(topic)) return [];
      return [newJob(definition, { tenantId, key, occasion: `outbox-${id}`, payload })];
    });
  }
}

function newJob(definition: JobDefinition, data: NewJob['data']): NewJob {
  return { definition, id: `${definition.name}.${data.occasion}`, data };
}
