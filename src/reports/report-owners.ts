import { Injectable } from '@nestjs/common';
import { holds, isPermission } from '../auth/permissions.js';
import { ViewersService } from '../auth/viewers.service.js';
import type { Viewer } from '../http/viewer.js';
import { ServicesRepository } from '../services/services.repository.js';
import { rostersOf, scopeOf } from '../students/student-filter.js';
import type { ReportKindName } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';
import type { FileContent } from './report-files.repository.js';

/** Whether those who asked for a file may still have it. */
@Injectable()
export class ReportOwners {
  constructor(
    private readonly viewers: ViewersService,
    private readonly services: ServicesRepository,
    private readonly kinds: ReportKinds,
  ) {}

  /**
   * The owner as they are now, who must be active, hold the permissions of reports and of the kind, and see no less than
   * the file was made for: what was moved within that since then, a roster that changed, does not count.
   * @returns null for an owner who may not have it
   */
  async find(tenantId: string, ownerId: string, { kind, viewer }: FileContent): Promise<Viewer | null> {
    // equal files are of viewers of one role
    const owner =
      viewer.role === 'service' ? await this.service(viewer, ownerId) : await this.person(tenantId, ownerId);
    return owner && this.mayRead(owner, kind) && sees(owner, viewer) ? owner : null;
  }

  /** Whether reports of a kind are for this viewer, with the scopes of the credential that is shown. */
  mayRead(viewer: Viewer, kind: ReportKindName): boolean {
    return ['reports:read' as const, ...this.kinds.get(kind).permissions].every((one) => holds(viewer, one));
  }

  private async person(tenantId: string, ownerId: string): Promise<Viewer | null> {
    return (await this.viewers.find(tenantId, ownerId))?.viewer ?? null;
  }

  /** With the scopes that its credential had when it asked, where it still has them. */
  private async service(asked: Viewer, ownerId: string): Promise<Viewer | null> {
    const service = await this.services.find(asked.tenantId, ownerId);
    if (!service?.isActive) return null;
    const scopes = service.scopes.filter((scope) => isPermission(scope) && (asked.scopes?.includes(scope) ?? true));
    return { ...asked, userId: ownerId, scopes };
  }
}

/** Whether what one may see now covers what the other could; where that is not plain, it does not. */
function sees(owner: Viewer, asked: Viewer): boolean {
  const [now, then] = [scopeOf(owner), scopeOf(asked)];
  // an administrator and a service are not shown the same
  if (now === 'tenant') return then !== 'tenant' || owner.role === asked.role;
  if (then === 'tenant' || then === 'own') return false;
  const rosters = rostersOf(owner);
  // that of a supervisor of the same department lies in it
  const isWithin = (id: string): boolean => (now === 'departments' && id === asked.userId) || rosters.includes(id);
  return (
    rostersOf(asked).every(isWithin) &&
    (now === 'departments' ? owner.departmentId === asked.departmentId : now === then)
  );
}
