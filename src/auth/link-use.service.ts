import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { type LinkOwner, AccountLinksRepository, type LinkPurpose } from './account-links.repository.js';
import type { ChoosePassword, KnownDevice } from './accounts.dto.js';
import type { SignedInPerson } from './auth.dto.js';
import { EntryService } from './entry.service.js';
import { type NewPassword, NewPasswords } from './new-passwords.js';
import { OpaqueToken } from './opaque-token.js';

/** What people do with links that were mailed to them: choose a password, once. */
@Injectable()
export class LinkUseService {
  constructor(
    private readonly links: AccountLinksRepository,
    private readonly passwords: NewPasswords,
    private readonly entry: EntryService,
    private readonly database: Database,
  ) {}

  /** @throws Problem 400 for a link that is unknown, expired or spent, and for a password that is too easy */
  resetPassword(choice: ChoosePassword): Promise<KnownDevice> {
    return this.use(choice, 'password_reset', 'password.reset', async ({ tenantId, userId }) => ({
      deviceToken: await this.entry.rememberDevice(tenantId, userId),
    }));
  }

  /** @throws Problem 400 for a link that is unknown, expired or spent, and for a password that is too easy */
  acceptInvitation(choice: ChoosePassword): Promise<SignedInPerson> {
    return this.use(choice, 'invitation', 'invitation.accepted', async (owner) => {
      const signedIn = await this.entry.enter(owner);
      if (!signedIn) throw linkInvalid();
      return signedIn;
    });
  }

  private async use<T>(
    choice: ChoosePassword,
    purpose: LinkPurpose,
    action: NewPassword['action'],
    finish: (owner: LinkOwner) => Promise<T>,
  ): Promise<T> {
    const token = OpaqueToken.read(choice.token);
    const owner = token && (await this.links.findOwner(token.tenantId, token.hash(), purpose));
    if (!owner) throw linkInvalid();
    const hash = await this.passwords.hash(choice.password, owner, '/password');
    return this.database.transaction(async () => {
      if ((await this.links.spend(owner.tenantId, token.hash())) === 0) throw linkInvalid();
      await this.passwords.set(owner, { before: owner.passwordHash, hash, action });
      return finish(owner);
    });
  }
}

function linkInvalid(): Problem {
  const detail = 'This link is not valid, or no longer. Ask for another one.';
  return new Problem(400, 'link_invalid', { detail, errors: [{ pointer: '/token', code: 'link_invalid', detail }] });
}
