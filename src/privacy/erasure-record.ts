import { Injectable } from '@nestjs/common';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { SignInsService } from '../auth/sign-ins.service.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import type { ErasureResponse } from './erasures.dto.js';

const byItself = (tenantId: string): Actor => ({ tenantId, userId: null, role: 'service' });

/** What follows from an erasure: the audit, which repeats no reason, the end of sign-ins, and whoever keeps viewers is told. */
@Injectable()
export class ErasureRecord {
  constructor(
    private readonly audit: AuditRecorder,
    private readonly signIns: SignInsService,
    private readonly outbox: Outbox,
  ) {}

  async requested(viewer: Viewer, { id, personId, dueAt }: ErasureResponse, isDue: boolean): Promise<void> {
    await this.write(viewer, 'requested', personId, { erasureId: id, dueAt });
    if (isDue) await this.outbox.append(viewer.tenantId, 'privacy.erasures-due', viewer.tenantId, {});
  }

  cancelled(viewer: Viewer, personId: string, erasureId: string): Promise<void> {
    return this.write(viewer, 'cancelled', personId, { erasureId });
  }

  /** @param ids the person first */
  async begun(tenantId: string, ids: readonly string[], erasureId: string): Promise<void> {
    const actor = byItself(tenantId);
    await this.signIns.revokeAllOf(tenantId, ids, 'user_erased', { actor });
    await this.write(actor, 'begun', ids[0]!, { erasureId });
    await this.outbox.append(tenantId, 'users.changed', ids[0]!, { userIds: ids });
  }

  finished(tenantId: string, personId: string, erasureId: string): Promise<void> {
    return this.write(byItself(tenantId), 'finished', personId, { erasureId });
  }

  private write(actor: Actor, what: string, personId: string, after: object): Promise<void> {
    const entry = { action: `erasure.${what}`, targetType: 'user', targetId: personId };
    // ids, which stay: there is no key of theirs any more
    return this.audit.record(actor, { ...entry, personId: null, after });
  }
}
