import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Problem } from '../http/problem.js';
import type { Credential, Viewer } from '../http/viewer.js';
import { type Account, AccountsRepository } from './accounts.repository.js';
import type { ChangePassword } from './accounts.dto.js';
import type { LoginRequest, SignedInPerson } from './auth.dto.js';
import { EntryService, hashOfDevice } from './entry.service.js';
import { NewPasswords } from './new-passwords.js';
import { Passwords } from './passwords.js';
import { Throttle } from './throttle.js';

/** What people do with their passwords: sign in, and choose another one. */
@Injectable()
export class AuthService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly passwords: Passwords,
    private readonly newPasswords: NewPasswords,
    private readonly throttle: Throttle,
    private readonly entry: EntryService,
    private readonly audit: AuditRecorder,
  ) {}

  /**
   * Every refusal takes the same work and gives the same answer; which it was stands in the audit alone.
   * @throws Problem 401, and 429 after too many attempts
   */
  async login({ tenant, email, password, deviceToken }: LoginRequest, address: string): Promise<SignedInPerson> {
    const hashOfToken = deviceToken === undefined ? null : hashOfDevice(deviceToken);
    const account = await this.accounts.find(tenant, email, hashOfToken);
    const device = account.isKnownDevice ? deviceToken : undefined;
    const attempt = this.throttle.signIn({ account: `${account.email} ${tenant}`, address, device });
    await this.throttle.admit(attempt);
    const matches = await this.passwords.matches(account.passwordHash, password);
    const person = matches && account.isOpen ? personOf(account) : null;
    const signedIn = person && (await this.enter(person, account.passwordHash!, password, device));
    if (signedIn) {
      await this.throttle.forgive(attempt);
      return signedIn;
    }
    await this.refuse(account, matches);
    throw new Problem(401, 'credentials_invalid', { detail: 'Tenant, e-mail address and password do not match.' });
  }

  /**
   * Ends all other sign-ins.
   * @throws Problem 422 when the current password is another one, 429 after too many attempts
   */
  async changePassword(
    viewer: Viewer,
    { currentPassword, newPassword }: ChangePassword,
    credential: Credential | undefined,
  ): Promise<void> {
    const { tenantId, userId } = viewer;
    const attempt = this.throttle.currentPassword(userId);
    await this.throttle.admit(attempt);
    const account = await this.accounts.findOwn(tenantId, userId);
    const matches = await this.passwords.matches(account?.passwordHash ?? null, currentPassword);
    if (!account || !matches) {
      const entry = { action: 'password_change.refused', targetType: 'user', targetId: userId };
      await this.audit.record(viewer, { ...entry, result: 'refused', reason: 'password_wrong' });
      throw Problem.unprocessable('password_wrong', 'This is not the current password.', '/currentPassword');
    }
    await this.throttle.forgive(attempt);
    const hash = await this.newPasswords.hash(newPassword, account, '/newPassword');
    const signInId = credential?.kind === 'sign-in' ? credential.id : undefined;
    await this.newPasswords.set(viewer, { before: account.passwordHash, hash, action: 'password.changed', signInId });
  }

  /** Where the hash has been replaced since it was compared, by a rehash or by a new password, the new one decides. */
  private async enter(
    person: Person,
    hash: string,
    password: string,
    device: string | undefined,
  ): Promise<SignedInPerson | null> {
    const signedIn = await this.entry.enter(person, device, hash);
    if (signedIn) {
      await this.rehash(person, hash, password);
      return signedIn;
    }
    const present = (await this.accounts.findOwn(person.tenantId, person.userId))?.passwordHash ?? hash;
    if (present === hash || !(await this.passwords.matches(present, password))) return null;
    return this.entry.enter(person, device, present);
  }

  /** With the parameters that are configured by now; where somebody has just set another password, that one stays. */
  private async rehash({ tenantId, userId }: Person, before: string, password: string): Promise<void> {
    if (!this.passwords.isOutdated(before)) return;
    await this.accounts.updatePassword(tenantId, userId, before, await this.passwords.hash(password));
  }

  private async refuse({ tenantId, userId, role }: Account, matches: boolean): Promise<void> {
    const reason = !userId ? 'account_unknown' : matches ? 'account_closed' : 'password_wrong';
    await this.audit.record(
      // who is nobody has no role, and the record wants one
      { tenantId, userId, role: role ?? 'service' },
      { action: 'login.refused', targetType: 'user', targetId: userId ?? undefined, result: 'refused', reason },
    );
  }
}

type Person = Pick<Viewer, 'tenantId' | 'userId' | 'role'>;

function personOf({ tenantId, userId, role }: Account): Person | null {
  return userId && role ? { tenantId, userId, role } : null;
}
