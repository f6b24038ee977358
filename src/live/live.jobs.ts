import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteLiveEvents } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { LiveEventsRepository } from './live-events.repository.js';

const keptHours = 24;

@Injectable()
export class LiveJobs {
  constructor(
    private readonly events: LiveEventsRepository,
    private readonly clock: Clock,
  ) {}

  @Handles(deleteLiveEvents)
  async deleteEvents({ signal }: Run): Promise<Outcome> {
    const before = new Date(this.clock.now().getTime() - keptHours * 3_600_000);
    return { eventsDeleted: await deleteInBatches(signal, (limit) => this.events.delete(before, limit)) };
  }
}
