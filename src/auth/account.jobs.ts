import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { deleteExpiredAccess, sendInvitation, sendPasswordReset } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { Mailer } from '../mail/mailer.js';
import { AccountLinksRepository, type LinkPurpose } from './account-links.repository.js';
import { accountMails } from './account-mails.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { OpaqueToken } from './opaque-token.js';
import { ThrottleRepository } from './throttle.repository.js';

/** Small enough for the shortest statement timeout. */
const batchSize = 5_000;
/** Longer than any attempt is remembered. */
const attemptsKeptSeconds = 86_400;

@Injectable()
export class AccountJobs {
  constructor(
    private readonly links: AccountLinksRepository,
    private readonly devices: KnownDevicesRepository,
    private readonly attempts: ThrottleRepository,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  @Handles(sendPasswordReset)
  sendPasswordReset(run: Run): Promise<Outcome> {
    return this.sendLink(run, 'password_reset');
  }

  @Handles(sendInvitation)
  sendInvitation(run: Run): Promise<Outcome> {
    return this.sendLink(run, 'invitation');
  }

  @Handles(deleteExpiredAccess)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const attemptsBefore = new Date(this.clock.now().getTime() - attemptsKeptSeconds * 1000);
    return {
      linksDeleted: await inBatches(signal, () => this.links.deleteExpired(batchSize)),
      devicesDeleted: await inBatches(signal, () => this.devices.deleteExpired(batchSize)),
      attemptsDeleted: await inBatches(signal, () => this.attempts.deleteForgotten(attemptsBefore, batchSize)),
    };
  }

  /** Each run makes a link of its own, and the one before ends: what is mailed is nowhere else, so it cannot be repeated. */
  private async sendLink({ tenantId, key, signal }: Run, purpose: LinkPurpose): Promise<Outcome> {
    const recipient = await this.links.findRecipient(tenantId!, key, purpose);
    if (!recipient?.email) return { sent: 0 };
    const { userId, name, email, tenantName } = recipient;
    const { lifetimeSeconds, write } = accountMails[purpose];
    const token = OpaqueToken.create(tenantId!);
    const link = { email, hash: token.hash(), lifetimeSeconds };
    if ((await this.links.replace(tenantId!, userId, purpose, link)) === 0) return { sent: 0 };
    const { appUrl } = this.config;
    await this.mailer.send(write({ name, email, tenantName, token: token.toString(), appUrl }), signal);
    return { sent: 1 };
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
