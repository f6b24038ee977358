import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from './batches.js';
import { deleteExpired } from './catalogue.js';
import { Handles, type Outcome, type Run } from './job.js';
import { OutboxRepository } from './outbox.repository.js';
import { RunsRepository } from './runs.repository.js';

const hour = 3_600_000;
const eventsKeptHours = 24;
const runsKeptHours = 30 * 24;

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
    const events = await deleteInBatches(signal, (limit) => this.outbox.deleteRelayed(eventsBefore, limit));
    const runs = await deleteInBatches(signal, (limit) => this.runs.delete(runsBefore, limit));
    return { eventsDeleted: events, runsDeleted: runs };
  }
}
