import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { daysBetween, localDay } from './local-day.js';

/** The tenant of the operators, which is nobody's organisation: what goes over all tenants leaves it out. */
export const installationId = '00000000-0000-0000-0000-000000000000';

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly timeZone: string;
  readonly passMark: number;
  readonly sessionCapSeconds: number;
  readonly snapshotRetentionDays: number;
  readonly analyticsRetentionDays: number;
  /** Sessions and snapshots of days before it have been deleted; null: none ever were. */
  readonly historyFrom: string | null;
  /** Of fewer people nothing is told to who may not see the people. */
  readonly smallestGroup: number;
  /** Messages and replies that a person may send in one local day. */
  readonly studentMessagesPerDay: number;
  readonly staffMessagesPerDay: number;
  /** Of others' to one person; replies are not held back. */
  readonly receivedMessagesPerDay: number;
  /** Lines from automation in one person's tray; what is more goes into one further line. */
  readonly notificationsPerDay: number;
  /** Whether students are shown what is said of their own risk. */
  readonly studentsSeeRisk: boolean;
  /** Whether whoever exports data has to say what for. */
  readonly isPurposeRequired: boolean;
  /** The last local day whose figures are closed; null before the first night. */
  readonly closedDay: string | null;
}

/** For how many days back sessions are taken: also where they were kept for less time before, what is gone stays so. */
export function historyDays({ timeZone, snapshotRetentionDays, historyFrom }: Tenant, now: Date): number {
  if (historyFrom === null) return snapshotRetentionDays;
  return Math.min(snapshotRetentionDays, Math.max(0, daysBetween(historyFrom, localDay(timeZone, now))));
}

/** A tenant as operators see it: nothing of anybody in it. */
export interface TenantSummary {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly timeZone: string;
  readonly isActive: boolean;
  readonly createdAt: string;
}

const summary = 'id, slug, name, time_zone as "timeZone", is_active as "isActive", created_at as "createdAt"';
const columns = `id, slug, name, time_zone as "timeZone", pass_mark as "passMark",
  session_cap_seconds as "sessionCapSeconds", snapshot_retention_days as "snapshotRetentionDays",
  analytics_retention_days as "analyticsRetentionDays", smallest_group as "smallestGroup",
  student_messages_per_day as "studentMessagesPerDay", staff_messages_per_day as "staffMessagesPerDay",
  received_messages_per_day as "receivedMessagesPerDay", notifications_per_day as "notificationsPerDay",
  closed_day as "closedDay", history_from as "historyFrom",
  students_see_risk as "studentsSeeRisk", is_purpose_required as "isPurposeRequired"`;

@Injectable()
export class TenantsRepository {
  constructor(private readonly database: Database) {}

  find(tenantId: string): Promise<Tenant | null> {
    return this.database.maybeOne<Tenant>(
      `-- org.findTenant
      select ${columns} from tenants where id = $1`,
      [tenantId],
    );
  }

  /** Not the installation. */
  findBySlug(slug: string): Promise<Tenant | null> {
    return this.database.maybeOne<Tenant>(
      `-- org.findTenantBySlug
      select ${columns} from tenants where slug = $1 and id <> $2`,
      [slug, installationId],
    );
  }

  /** All but the installation. */
  list(): Promise<Tenant[]> {
    return this.database.many<Tenant>(
      `-- org.listTenants
      select ${columns} from tenants where id <> $1 order by id`,
      [installationId],
    );
  }

  /** @returns 0 when the id is taken */
  insert(tenant: { id: string; slug: string; name: string; timeZone: string }, now: Date): Promise<number> {
    return this.database.run(
      `-- org.insertTenant
      insert into tenants (id, slug, name, time_zone, created_at) values ($1, $2, $3, $4, $5)
      on conflict (id) do nothing`,
      [tenant.id, tenant.slug, tenant.name, tenant.timeZone, now],
    );
  }

  /** By slug, without the installation; `after` is the last slug of the page before. */
  listSummaries(limit: number, offset: number, after: string | null): Promise<TenantSummary[]> {
    return this.database.many<TenantSummary>(
      `-- org.listTenantSummaries
      select ${summary} from tenants where id <> $1 and ($2::text is null or slug > $2)
      order by slug limit $3 offset $4`,
      [installationId, after, limit, offset],
    );
  }

  async count(): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countTenants
      select count(*) as count from tenants where id <> $1`,
      [installationId],
    );
    return count;
  }

  /** Null for the installation too. */
  findSummary(tenantId: string): Promise<TenantSummary | null> {
    return this.database.maybeOne<TenantSummary>(
      `-- org.findTenantSummary
      select ${summary} from tenants where id = $1 and id <> $2`,
      [tenantId, installationId],
    );
  }

  /** As it is until the end of the transaction; null for the installation too. */
  lock(tenantId: string): Promise<TenantSummary | null> {
    return this.database.maybeOne<TenantSummary>(
      `-- org.lockTenant
      select ${summary} from tenants where id = $1 and id <> $2 for update`,
      [tenantId, installationId],
    );
  }

  update(tenantId: string, { name, isActive }: Pick<TenantSummary, 'name' | 'isActive'>): Promise<TenantSummary> {
    return this.database.one<TenantSummary>(
      `-- org.updateTenant
      update tenants set name = $2, is_active = $3 where id = $1 returning ${summary}`,
      [tenantId, name, isActive],
    );
  }
}
