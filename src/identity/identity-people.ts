import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { type CurrentViewer, ViewersService } from '../auth/viewers.service.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem, toProblem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { ChangeUser } from '../people/users.dto.js';
import { UsersService } from '../people/users.service.js';
import type { ClaimedPerson } from './claims.js';
import { type Candidate, IdentitiesRepository } from './identities.repository.js';
import type { TenantProvider } from './identity-providers.repository.js';

/** Which of a tenant's people a token means: linked once, and found or made the first time. */
@Injectable()
export class IdentityPeople {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly users: UsersService,
    private readonly viewers: ViewersService,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * With just-in-time what the claims say is applied first.
   * @throws Problem 401 `identity_unknown`, one answer to everybody who is refused; the reason stands in the audit
   */
  async viewerOf(provider: TenantProvider, person: ClaimedPerson): Promise<CurrentViewer> {
    try {
      return await this.find(provider, person);
    } catch (error) {
      const problem = toProblem(error);
      if (!problem || problem.status >= 500) throw error;
      await this.audit.recordRead(
        { tenantId: provider.tenantId, userId: null, role: 'service' },
        {
          action: 'identity.refused',
          targetType: 'identity',
          // nobody has a key for whoever is nobody here, and what is kept in plain is kept for good
          after: {
            issuer: provider.issuer,
            subjectSha256: createHash('sha256').update(person.subject).digest('hex'),
          },
          result: 'refused',
          reason: problem.code,
        },
      );
      throw new Problem(401, 'identity_unknown', {
        detail: 'The identity provider vouches for you, but you are nobody here who may come in.',
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        cause: error,
      });
    }
  }

  private async find(provider: TenantProvider, person: ClaimedPerson): Promise<CurrentViewer> {
    const { tenantId, issuer, justInTime } = provider;
    const linked = (): Promise<Candidate | null> => this.identities.findLinked(tenantId, issuer, person.subject);
    let known = await linked();
    if (!known) {
      const candidate = await this.findFirstTime(provider, person);
      const id = candidate?.id ?? (await this.create(provider, person));
      await this.link(provider, person.subject, id);
      known = await linked();
      // the one who was meant is linked to another subject: an address that has changed hands takes nobody along
      if (!known) throw refused('identity_taken');
    }
    if (!known.isActive) throw refused('user_inactive');
    if (justInTime) await this.apply(provider, person, known);
    const current = await this.viewers.find(tenantId, known.id);
    if (!current) throw refused('user_inactive');
    return current;
  }

  /** By verified address or number; whoever contradicts one of the two is somebody else. */
  private async findFirstTime(provider: TenantProvider, person: ClaimedPerson): Promise<Candidate | null> {
    const { email, pid } = person;
    const candidates = await this.identities.listCandidates(provider.tenantId, {
      id: idOf(provider, person),
      email,
      pid,
    });
    const [candidate, ...others] = candidates;
    if (!candidate) return null;
    if (others.length > 0) throw refused('identity_ambiguous');
    if (pid !== undefined && candidate.pid !== null && candidate.pid !== pid) throw refused('identity_ambiguous');
    if (!candidate.isActive) throw refused('user_inactive');
    return candidate;
  }

  private async create(provider: TenantProvider, person: ClaimedPerson): Promise<string> {
    if (!provider.justInTime) throw refused('person_unknown');
    const { role, email, pid, departmentCode } = person;
    if (!role) throw refused('role_unmapped');
    const id = idOf(provider, person);
    const departmentId = departmentCode === undefined ? null : await this.departmentOf(provider, departmentCode);
    const name = person.name ?? email ?? person.subject;
    const actor: Viewer = { tenantId: provider.tenantId, userId: id, role, departmentId };
    await this.users.create(actor, {
      id,
      role,
      name,
      email: email ?? null,
      pid: pid ?? null,
      departmentId,
      invite: false,
    });
    return id;
  }

  private link({ tenantId, issuer }: TenantProvider, subject: string, userId: string): Promise<void> {
    return this.database.transaction(async () => {
      const link = { issuer, subject, userId };
      if ((await this.identities.insertLink(tenantId, link, this.clock.now())) === 0) return;
      await this.audit.record(
        { tenantId, userId: null, role: 'service' },
        { action: 'identity.linked', targetType: 'user', targetId: userId, after: { issuer, subject } },
      );
    });
  }

  /** What the provider is told to manage, it manages: who has no role there has none here. */
  private async apply(provider: TenantProvider, person: ClaimedPerson, known: Candidate): Promise<void> {
    const { role, departmentCode, name } = person;
    const change: { -readonly [Field in keyof ChangeUser]: ChangeUser[Field] } = {};
    if (provider.claims.role !== undefined) {
      if (!role) throw refused('role_unmapped');
      if (role !== known.role) change.role = role;
    }
    if (departmentCode !== undefined && departmentCode !== known.departmentCode) {
      change.departmentId = await this.departmentOf(provider, departmentCode);
    }
    if (name !== undefined && name !== known.name) change.name = name;
    if (Object.keys(change).length === 0) return;
    const actor = { tenantId: provider.tenantId, userId: known.id, role: known.role, departmentId: known.departmentId };
    await this.users.change(actor, known.id, change);
  }

  private async departmentOf({ tenantId }: TenantProvider, code: string): Promise<string> {
    const id = await this.identities.findDepartment(tenantId, code);
    if (id === null) throw refused('department_unknown');
    return id;
  }
}

/** The same for everybody who makes the same person at the same time, so that there is one. */
function idOf({ tenantId, issuer }: TenantProvider, { subject }: ClaimedPerson): string {
  return uuidv5(`${issuer} ${subject}`, tenantId);
}

function refused(reason: string): Problem {
  return new Problem(401, reason);
}
