import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteExpired } from './catalogue.js';
import { Handles, type Outcome, type Run } from './job.js';
import { OutboxRepository } from './outbox.repository.js';
import { RunsRepository } from './runs.repository.js';

const hour = 3_600_000;
const eventsKeptHours = 24;
const runsKeptHours = 30 * 24;
/** Small enough for the shortest statement timeout. */
const batchSize = 5_000;

@Injectable()
export class RetentionJobs {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly runs: RunsRepository,
    private readonly clock: Clock,
  ) {}

  @Handles(deleteExpired)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now().getTime();
    const eventsBefore = new Date(now - eventsKeptHours * hour);
    const runsBefore = new Date(now - runsKeptHours * hour);
    const events = await inBatches(signal, () => this.outbox.deleteRelayed(eventsBefore, batchSize));
    const runs = await inBatches(signal, () => this.runs.delete(runsBefore, batchSize));
    return { eventsDeleted: events, runsDeleted: runs };
  }
}

async function inBatches(signal: AbortSignal, deleteBatch: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    signal.throwIfAborted();
    const count = await deleteBatch();
    total += count;
    if (count < batchSize) return total;
  }
}
