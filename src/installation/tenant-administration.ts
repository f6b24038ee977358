import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { type AuditEntry, AuditRecorder } from '../audit/audit.recorder.js';
import { LinkRequestsService } from '../auth/link-requests.service.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { isTimeZone } from '../org/local-day.js';
import { TenantFounding } from '../org/tenant-founding.js';
import { installationId, type TenantSummary, TenantsRepository } from '../org/tenants.repository.js';
import type { ChangeTenant, CreateTenant } from './tenants.dto.js';

const listing = { scope: 'tenants', keys: ['text'] as const };

/** Tenants begin, rest and are renamed. */
@Injectable()
export class TenantAdministration {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly founding: TenantFounding,
    private readonly links: LinkRequestsService,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly cache: Cache,
  ) {}

  async list(query: PageQuery): Promise<Page<TenantSummary>> {
    const position = positionOf(query, listing);
    const { limit, offset, after, page } = position;
    const [rows, total] = await Promise.all([
      this.tenants.listSummaries(limit + 1, offset, (after?.[0] as string | undefined) ?? null),
      page === undefined ? undefined : this.tenants.count(),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ slug }) => [slug], total });
  }

  /** Creating with an id that is there already answers what was created then, and invites nobody. */
  create(viewer: Viewer, { id = uuidv7(), slug, name, timeZone, administrator }: CreateTenant): Promise<TenantSummary> {
    if (!isTimeZone(timeZone)) {
      const detail = 'must be the IANA name of a time zone, such as Europe/London';
      throw Problem.invalid([{ pointer: '/timeZone', code: 'value_invalid', detail }]);
    }
    if (id === installationId) throw Problem.conflict('tenant_id_taken', 'This id is in use.', '/id');
    const create = async (): Promise<TenantSummary> => {
      const adminId = uuidv7();
      const { name: adminName, email } = administrator;
      const isNew = await this.founding.found({
        id,
        slug,
        name,
        timeZone,
        administrator: { id: adminId, name: adminName, email },
      });
      if (isNew) {
        await this.links.invite(id, [adminId]);
        await this.record(viewer, id, { action: 'tenant.created', after: { slug, name, timeZone, adminId } });
      }
      return (await this.tenants.findSummary(id))!;
    };
    return insertTwice(() => this.database.transaction(create));
  }

  async change(viewer: Viewer, id: string, change: ChangeTenant): Promise<TenantSummary> {
    const changed = await this.database.transaction(async () => {
      const before = await this.tenants.lock(id);
      if (!before) throw Problem.notFound('tenant');
      const { name = before.name, isActive = before.isActive } = change;
      const after = await this.tenants.update(id, { name, isActive });
      await this.record(viewer, id, { action: 'tenant.changed', before, after });
      return after;
    });
    await this.cache.bump([`tenant:${id}`]);
    return changed;
  }

  /** For those who run the installation, and for those of the tenant. */
  private async record(viewer: Viewer, id: string, entry: Omit<AuditEntry, 'targetType' | 'targetId'>): Promise<void> {
    const whole = { ...entry, targetType: 'tenant', targetId: id };
    await this.audit.record(viewer, whole);
    await this.audit.record({ ...viewer, tenantId: id }, whole);
  }
}
