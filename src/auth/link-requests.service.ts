import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { AccountsRepository } from './accounts.repository.js';
import type { RequestPasswordReset } from './accounts.dto.js';
import { Throttle } from './throttle.js';

/** Who is to get a link by mail. Jobs make the links, so that no link ever stands in the outbox or a queue. */
@Injectable()
export class LinkRequestsService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly throttle: Throttle,
    private readonly links: AccountLinksRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
  ) {}

  /**
   * The same work whether there is such an account or not: the job finds out that there is nobody to write to.
   * @throws Problem 429 after too many for the same account, or from the same address
   */
  async requestReset({ tenant, email }: RequestPasswordReset, address: string): Promise<void> {
    const account = await this.accounts.find(tenant, email, null);
    await this.throttle.admit(this.throttle.passwordReset({ account: `${account.email} ${tenant}`, address }));
    const { tenantId, userId, role } = account;
    await this.database.transaction(async () => {
      await this.audit.record(
        // nobody has no role, and the record wants one
        { tenantId, userId, role: role ?? 'service' },
        { action: 'password_reset.requested', targetType: 'user', targetId: userId ?? undefined },
      );
      await this.outbox.append(tenantId, 'auth.password-reset-requested', userId ?? randomUUID(), {});
    });
  }

  /** Joins the running transaction. Who has a password already, or no address, gets nothing. */
  invite(tenantId: string, userIds: readonly string[]): Promise<void> {
    const events = userIds.map((key) => ({ key, payload: {} }));
    return this.outbox.appendMany(tenantId, 'users.invited', events);
  }

  /** Of people who have another address by now: whoever reads the old one holds a link. Joins the running transaction. */
  withdraw(tenantId: string, userIds: readonly string[]): Promise<void> {
    return this.links.deleteAllOf(tenantId, userIds);
  }
}
