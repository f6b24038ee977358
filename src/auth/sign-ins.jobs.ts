import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteExpiredSignIns } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { SignInsRepository } from './sign-ins.repository.js';

/** Small enough for the shortest statement timeout. */
const batchSize = 5_000;

@Injectable()
export class SignInsJobs {
  constructor(
    private readonly repository: SignInsRepository,
    private readonly clock: Clock,
  ) {}

  /** Tokens first: a sign-in that goes takes its tokens along, and may have thousands. */
  @Handles(deleteExpiredSignIns)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const tokens = await inBatches(signal, () => this.repository.deleteExpiredTokens(now, batchSize));
    const signIns = await inBatches(signal, () => this.repository.deleteExpired(now, batchSize));
    return { refreshTokensDeleted: tokens, signInsDeleted: signIns };
  }
}

async function inBatches(signal: AbortSignal, deleteBatch: () => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    signal.throwIfAborted();
    const count = await deleteBatch();
    total += count;
    if (count < batchSize) return total;
  }
}
