import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteOldBounces } from '../jobs/catalogue.channels.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { BouncesRepository } from './bounces.repository.js';

/** After which an address is tried once more, if anybody still has it. */
const keptDays = 400;

@Injectable()
export class BouncesJobs {
  constructor(
    private readonly bounces: BouncesRepository,
    private readonly clock: Clock,
  ) {}

  @Handles(deleteOldBounces)
  async deleteOld({ signal }: Run): Promise<Outcome> {
    const before = new Date(this.clock.now().getTime() - keptDays * 86_400_000);
    return { bounces: await deleteInBatches(signal, (limit) => this.bounces.deleteOld(before, limit)) };
  }
}
