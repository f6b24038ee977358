import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DashboardService } from '../analytics/dashboard.service.js';
import { scopeKey } from '../students/student-reads.js';
import type { EventStream } from './event-stream.js';

const pauseMs = 1_000;

/**
 * Tells viewers the counts of their dashboards, at most once a second. One after the other, so that however many of
 * them change at once hold up nobody's requests: then each is told less often.
 */
@Injectable()
export class DashboardEvents {
  private readonly logger = new Logger('LiveEvents');
  /** By what their viewers see: those who see the same are told the same. */
  private waiting = new Map<string, Set<EventStream>>();
  private running = false;

  constructor(private readonly dashboards: DashboardService) {}

  /** Something that counts has changed for this one. */
  ask(stream: EventStream): void {
    const key = scopeKey(stream.viewer);
    this.waiting.set(key, (this.waiting.get(key) ?? new Set()).add(stream));
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.size > 0) {
      const groups = [...this.waiting.values()];
      this.waiting = new Map();
      for (const streams of groups) await this.tell([...streams].filter(({ isGone }) => !isGone));
      await sleep(pauseMs, undefined, { ref: false });
    }
    this.running = false;
  }

  private async tell(streams: readonly EventStream[]): Promise<void> {
    if (streams.length === 0) return;
    try {
      const { body } = await this.dashboards.statistics(streams[0]!.viewer);
      const frame = Buffer.concat([Buffer.from('event: dashboard\ndata: '), body, Buffer.from('\n\n')]);
      for (const stream of streams) stream.write(frame);
    } catch (error) {
      // the next change asks again
      this.logger.warn({ message: 'a dashboard could not be told', error: String(error) });
    }
  }
}
