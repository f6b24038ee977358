import { Injectable, Logger } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { UsersRepository } from '../org/users.repository.js';
import { type Account, AccountsRepository } from './accounts.repository.js';
import type { LoginRequest } from './auth.dto.js';
import { Passwords } from './passwords.js';

@Injectable()
export class AuthService {
  private readonly logger = new Logger('Auth');

  constructor(
    private readonly accounts: AccountsRepository,
    private readonly passwords: Passwords,
    private readonly users: UsersRepository,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Who may sign in with these credentials. Every refusal takes the same work and gives the same answer; which it was
   * stands in the audit alone.
   * @throws Problem 401
   */
  async login({ tenant, email, password }: LoginRequest): Promise<Viewer> {
    const account = await this.accounts.find(tenant, email);
    const matches = await this.passwords.matches(account?.passwordHash ?? null, password);
    const viewer = account && matches ? viewerOf(account) : null;
    const isIn = viewer !== null && (await this.database.transaction(() => this.enter(viewer)));
    if (isIn) return viewer;
    await this.refuse(account, matches);
    throw new Problem(401, 'credentials_invalid', { detail: 'Tenant, e-mail address and password do not match.' });
  }

  /** @returns false for who has been deactivated, be it this moment */
  private async enter(viewer: Viewer): Promise<boolean> {
    const { tenantId, userId } = viewer;
    if ((await this.users.updateLastLogin(tenantId, userId, this.clock.now())) === 0) return false;
    await this.audit.record(viewer, { action: 'login.succeeded', targetType: 'user', targetId: userId });
    return true;
  }

  private async refuse(account: Account | null, matches: boolean): Promise<void> {
    // nobody's audit: there is no tenant that could read it
    if (!account) return void this.logger.warn('somebody tried to sign in to a tenant that does not exist');
    const { tenantId, userId, role } = account;
    const reason = !userId ? 'account_unknown' : !matches ? 'password_wrong' : 'account_inactive';
    await this.audit.record(
      // who is nobody has no role, and the record wants one
      { tenantId, userId, role: role ?? 'service' },
      { action: 'login.refused', targetType: 'user', targetId: userId ?? undefined, result: 'refused', reason },
    );
  }
}

function viewerOf({ tenantId, userId, role, departmentId }: Account): Viewer | null {
  return userId && role ? { tenantId, userId, role, departmentId } : null;
}
