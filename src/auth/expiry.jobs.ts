import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteExpiredAccess } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { SignInsRepository } from './sign-ins.repository.js';
import { ThrottleRepository } from './throttle.repository.js';

/** Longer than any attempt is remembered. */
const attemptsKeptSeconds = 86_400;

/** Clears away what lets nobody in any more. */
@Injectable()
export class ExpiryJobs {
  constructor(
    private readonly signIns: SignInsRepository,
    private readonly links: AccountLinksRepository,
    private readonly devices: KnownDevicesRepository,
    private readonly attempts: ThrottleRepository,
    private readonly clock: Clock,
  ) {}

  /** Tokens before sign-ins: a sign-in that goes takes its tokens along, and may have thousands. */
  @Handles(deleteExpiredAccess)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const attemptsBefore = new Date(now.getTime() - attemptsKeptSeconds * 1000);
    return {
      refreshTokensDeleted: await deleteInBatches(signal, (limit) => this.signIns.deleteExpiredTokens(now, limit)),
      signInsDeleted: await deleteInBatches(signal, (limit) => this.signIns.deleteExpired(now, limit)),
      linksDeleted: await deleteInBatches(signal, (limit) => this.links.deleteExpired(limit)),
      devicesDeleted: await deleteInBatches(signal, (limit) => this.devices.deleteExpired(limit)),
      attemptsDeleted: await deleteInBatches(signal, (limit) => this.attempts.deleteForgotten(attemptsBefore, limit)),
    };
  }
}
