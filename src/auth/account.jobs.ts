import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { sendInvitation, sendPasswordReset } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { Mailer } from '../mail/mailer.js';
import { AccountLinksRepository, type LinkPurpose } from './account-links.repository.js';
import { accountMails } from './account-mails.js';
import { OpaqueToken } from './opaque-token.js';

@Injectable()
export class AccountJobs {
  constructor(
    private readonly links: AccountLinksRepository,
    private readonly mailer: Mailer,
    private readonly config: Config,
  ) {}

  @Handles(sendPasswordReset)
  sendPasswordReset(run: Run): Promise<Outcome> {
    return this.sendLink(run, 'password_reset');
  }

  @Handles(sendInvitation)
  sendInvitation(run: Run): Promise<Outcome> {
    return this.sendLink(run, 'invitation');
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
