import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { currentRequest } from '../http/request.js';
import type { Viewer } from '../http/viewer.js';
import type { SignedIn } from './auth.dto.js';
import { RefreshToken } from './refresh-token.js';
import { SignInsRepository } from './sign-ins.repository.js';
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
      const request = currentRequest();
      const expiresAt = this.tokens.signInUntil(now, now);
      const agent = request?.headers['user-agent']?.slice(0, longestAgent) ?? null;
      await this.repository.insert(tenantId, { id, userId, address: request?.ip ?? null, agent, expiresAt }, now);
      const refresh = RefreshToken.create(tenantId);
      await this.repository.insertToken(tenantId, id, refresh.hash(), now, expiresAt);
      await this.audit.record(current.viewer, { action: 'sign_in.opened', targetType: 'sign_in', targetId: id });
      return this.grant(id, current, refresh, expiresAt, now);
    });
  }

  /**
   * Ends all sign-ins of a person, when the password was changed or the person deactivated; joins the running
   * transaction.
   * @param reason `noun_past`, shown in the audit
   * @returns how many there were
   */
  revokeAllOf(tenantId: string, userId: string, reason: string, options: RevokeOptions = {}): Promise<number> {
    const actor = options.actor ?? currentRequest()?.viewer ?? { role: 'service', userId: null };
    return this.revoke({ ...actor, tenantId }, userId, { except: options.except }, reason);
  }

  private revoke(
    actor: Actor,
    userId: string,
    which: { readonly signInId?: string; readonly except?: string },
    reason: string,
  ): Promise<number> {
    return this.database.transaction(async () => {
      const revoked = await this.repository.revoke(actor.tenantId, userId, which, reason, this.clock.now());
      const entry = { action: 'sign_in.revoked', targetType: 'sign_in', reason };
      await this.audit.record(
        actor,
        revoked.map(({ id }) => ({ ...entry, targetId: id })),
      );
      return revoked.length;
    });
  }

  private grant(
    signInId: string,
    { viewer, until }: CurrentViewer,
    refresh: RefreshToken,
    expiresAt: Date,
    now: Date,
  ): SignedIn {
    return {
      ...this.tokens.issue(viewer, { kind: 'sign-in', id: signInId }, until),
      refreshToken: refresh.toString(),
      refreshExpiresInSeconds: Math.floor((expiresAt.getTime() - now.getTime()) / 1000),
      signInId,
    };
  }
}
