import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { currentRequest } from '../http/request.js';
import type { Credential, Viewer } from '../http/viewer.js';
import type { SignedIn } from './auth.dto.js';
import { OpaqueToken } from './opaque-token.js';
import { type SignIn, SignInsRepository } from './sign-ins.repository.js';
import { TokensService } from './tokens.service.js';
import { type CurrentViewer, ViewersService } from './viewers.service.js';

/** The agent's header can be as long as the client likes. */
const longestAgent = 400;

export interface RevokeOptions {
  /** Who does it; the viewer of the request, or else the tenant itself. */
  readonly actor?: Actor;
  /** A sign-in that goes on, such as the one with which a password was changed. */
  readonly except?: string;
}

/** For so long a refresh token that was used may be shown again. */
const repeatableSeconds = 10;

/** Where people are signed in: a sign-in begins with a password or the like, goes on by refreshing, and ends. */
@Injectable()
export class SignInsService {
  constructor(
    private readonly repository: SignInsRepository,
    private readonly viewers: ViewersService,
    private readonly tokens: TokensService,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a sign-in of somebody whose credentials have been checked; joins the running transaction.
   * @throws Problem 401 for who is not active
   */
  open({ tenantId, userId }: Pick<Viewer, 'tenantId' | 'userId'>): Promise<SignedIn> {
    return this.database.transaction(async () => {
      const current = await this.viewers.find(tenantId, userId);
      if (!current) throw Problem.ofStatus(401)!;
      const [now, id] = [this.clock.now(), uuidv7()];
      const expiresAt = this.tokens.signInUntil(now, now);
      await this.repository.insert(tenantId, { id, userId, ...whence(), expiresAt }, now);
      const refresh = OpaqueToken.create(tenantId);
      await this.repository.insertToken(tenantId, id, refresh.hash(), now, expiresAt);
      await this.audit.record(current.viewer, {
        action: 'sign_in.opened',
        targetType: 'sign_in',
        targetId: id,
        personId: userId,
      });
      return this.grant(id, current, refresh, expiresAt, now);
    });
  }

  /**
   * Goes on with a sign-in: a new access token of who the person is by now, and the next refresh token. The same token
   * may be shown again for some seconds, by a second tab or because the answer was lost, and is answered with the same
   * next one. Later that means that two have it: the whole sign-in ends.
   * @throws Problem 401, the same for every reason
   */
  async refresh(text: string): Promise<SignedIn> {
    const token = OpaqueToken.read(text);
    // the end of a sign-in whose token was stolen must be committed before it is refused
    const answer = token && (await this.database.transaction(() => this.rotate(token)));
    if (answer) return answer;
    throw new Problem(401, 'refresh_token_invalid', {
      detail: 'The refresh token is not valid, or no longer. Sign in again.',
    });
  }

  private async rotate(token: OpaqueToken): Promise<SignedIn | null> {
    const { tenantId } = token;
    const now = this.clock.now();
    const shown = await this.repository.lockToken(tenantId, token.hash());
    if (!shown || shown.revokedAt !== null || !(new Date(shown.tokenExpiresAt) > now)) return null;
    const { signInId, userId, usedAt } = shown;
    const current = await this.viewers.find(tenantId, userId);
    if (usedAt !== null && now.getTime() - new Date(usedAt).getTime() > repeatableSeconds * 1000) {
      const actor = current?.viewer ?? { tenantId, userId, role: 'service' };
      await this.revoke(actor, [userId], { signInId }, 'refresh_token_reused');
      return null;
    }
    if (!current) return null;
    const successorSalt = shown.successorSalt ?? randomBytes(32);
    const successor = token.successor(successorSalt);
    if (usedAt !== null) return this.grant(signInId, current, successor, new Date(shown.expiresAt), now);
    const expiresAt = this.tokens.signInUntil(new Date(shown.createdAt), now);
    const hashes = { hash: token.hash(), successorHash: successor.hash() };
    await this.repository.useToken(tenantId, { ...hashes, successorSalt, signInId, ...whence(), expiresAt }, now);
    await this.audit.record(current.viewer, {
      action: 'sign_in.refreshed',
      targetType: 'sign_in',
      targetId: signInId,
      personId: current.viewer.userId,
    });
    return this.grant(signInId, current, successor, expiresAt, now);
  }

  async list(viewer: Viewer, query: PageQuery): Promise<Page<SignIn>> {
    const listing = { scope: ['sign-ins', viewer.userId], keys: ['id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.repository.list(viewer, position, now),
      position.page === undefined ? undefined : this.repository.count(viewer, now),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ id }) => [id], total });
  }

  /** Ends the sign-in that a request came with. @throws Problem 409 for other credentials */
  async logOut(viewer: Viewer, credential: Credential): Promise<void> {
    if (credential.kind !== 'sign-in') {
      throw Problem.conflict('sign_in_missing', 'This token does not belong to a sign-in that could be ended.');
    }
    await this.revoke(viewer, [viewer.userId], { signInId: credential.id }, 'logged_out');
  }

  /** Ends one of the viewer's own, from another. @throws Problem 404 */
  async revokeOwn(viewer: Viewer, signInId: string): Promise<void> {
    const revoked = await this.revoke(viewer, [viewer.userId], { signInId }, 'revoked_by_owner');
    if (revoked === 0) throw Problem.notFound('sign_in');
  }

  /**
   * Ends all sign-ins of people, when the password was changed or they were deactivated; joins the running
   * transaction.
   * @param reason `noun_past`, shown in the audit
   * @returns how many there were
   */
  revokeAllOf(
    tenantId: string,
    userIds: readonly string[],
    reason: string,
    options: RevokeOptions = {},
  ): Promise<number> {
    const actor = options.actor ?? currentRequest()?.viewer ?? { role: 'service', userId: null };
    return this.revoke({ ...actor, tenantId }, userIds, { except: options.except }, reason);
  }

  private revoke(
    actor: Actor,
    userIds: readonly string[],
    which: { readonly signInId?: string; readonly except?: string },
    reason: string,
  ): Promise<number> {
    return this.database.transaction(async () => {
      const revoked = await this.repository.revoke(actor.tenantId, userIds, which, reason, this.clock.now());
      const entry = { action: 'sign_in.revoked', targetType: 'sign_in', reason };
      await this.audit.record(
        actor,
        revoked.map(({ id, userId }) => ({ ...entry, targetId: id, personId: userId })),
      );
      return revoked.length;
    });
  }

  private grant(
    signInId: string,
    { viewer, until }: CurrentViewer,
    refresh: OpaqueToken,
    expiresAt: Date,
    now: Date,
  ): SignedIn {
    const end = until !== null && until < expiresAt ? until : expiresAt;
    return {
      ...this.tokens.issue(viewer, { kind: 'sign-in', id: signInId }, end),
      refreshToken: refresh.toString(),
      refreshExpiresInSeconds: Math.floor((expiresAt.getTime() - now.getTime()) / 1000),
      signInId,
    };
  }
}

/** Where the running request comes from; of a command, nothing. */
function whence(): { address: string | null; agent: string | null } {
  const request = currentRequest();
  return { address: request?.ip ?? null, agent: request?.headers['user-agent']?.slice(0, longestAgent) ?? null };
}
