import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { AccountsRepository } from './accounts.repository.js';
import { type PasswordOwner, passwordProblems } from './password-policy.js';
import { Passwords } from './passwords.js';
import { SignInsService } from './sign-ins.service.js';

export interface NewPassword {
  /** What it replaces, and must still be there; null for the first one. */
  readonly before: string | null;
  readonly hash: string;
  /** `noun.past` of the audit. */
  readonly action: 'password.reset' | 'password.changed' | 'invitation.accepted';
  /** Goes on; all others end. */
  readonly signInId?: string;
}

/** Passwords that people choose: judged, hashed and put in the place of the one before. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly passwords: Passwords,
    private readonly accounts: AccountsRepository,
    private readonly links: AccountLinksRepository,
    private readonly signIns: SignInsService,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
  ) {}

  /** @param pointer where it stands in the body @throws Problem 400 when it is too short, too long or too easy */
  async hash(password: string, owner: PasswordOwner, pointer: string): Promise<string> {
    const problems = passwordProblems(password, owner, pointer);
    if (problems.length > 0) throw Problem.invalid(problems);
    return this.passwords.hash(password);
  }

  /**
   * Also ends what the old one had opened: sign-ins, and links that were mailed. Joins the running transaction.
   * @throws Problem 409 when another password was set meanwhile
   */
  set(viewer: Pick<Viewer, 'tenantId' | 'userId' | 'role'>, password: NewPassword): Promise<void> {
    const { tenantId, userId } = viewer;
    const { before, hash, action, signInId } = password;
    return this.database.transaction(async () => {
      if ((await this.accounts.updatePassword(tenantId, userId, before, hash)) === 0) {
        throw Problem.conflict('password_changed', 'The password has been changed by somebody else just now.');
      }
      await this.links.deleteAllOf(tenantId, [userId]);
      await this.signIns.revokeAllOf(tenantId, [userId], 'password_changed', { actor: viewer, except: signInId });
      await this.audit.record(viewer, { action, targetType: 'user', targetId: userId });
    });
  }
}
