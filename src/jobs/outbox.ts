import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import type { Payload } from './job.js';
import { type OutboxEvent, OutboxRepository } from './outbox.repository.js';

/**
 * Takes events that a relay carries out, oldest first: some of them again when it died on the way. What it throws has all
 * of them carried out anew, so it throws only what may be better later.
 */
export type Sink = (events: readonly OutboxEvent[]) => Promise<void>;

/**
 * What happened, for everyone whom it concerns. An event is written in the running transaction and goes out once that
 * has committed: at least once, and in no promised order.
 */
@Injectable()
export class Outbox {
  private readonly listeners = new Set<() => void>();
  private readonly sinks: Sink[] = [];

  constructor(
    private readonly repository: OutboxRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @param tenantId null for an event of the whole installation
   * @param topic `feature.nouns-past`, as in `activity.sessions-recorded`
   * @param key what it is about; jobs with `overlap: 'skip'` never run twice at once for the same tenant and key
   * @param payload ids, keys and days only
   */
  append(tenantId: string | null, topic: string, key: string, payload: Payload): Promise<void> {
    return this.appendMany(tenantId, topic, [{ key, payload }]);
  }

  /** Many events of one topic, in one statement. */
  async appendMany(
    tenantId: string | null,
    topic: string,
    events: readonly { readonly key: string; readonly payload: Payload }[],
  ): Promise<void> {
    if (events.length === 0) return;
    await this.repository.insert(tenantId, topic, events, this.clock.now());
    await this.database.afterCommit(() => this.announce());
  }

  /** Wakes whoever carries events out of this process. */
  announce(): void {
    for (const listener of this.listeners) listener();
  }

  /** Has the relay of this process, where it has one, hand its events to `sink`, too. */
  deliverTo(sink: Sink): void {
    this.sinks.push(sink);
  }

  /** For the relay, before it marks them as carried out. */
  async deliver(events: readonly OutboxEvent[]): Promise<void> {
    for (const sink of this.sinks) await sink(events);
  }

  /** Tells when this process has committed an event. Others' events are found by looking. */
  onCommitted(listener: () => void): void {
    this.listeners.add(listener);
  }
}
