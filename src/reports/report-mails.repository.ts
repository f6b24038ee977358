import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface DueMail {
  readonly reportId: string;
  readonly ownerId: string;
  readonly name: string;
  readonly email: string;
  readonly tenantName: string;
  readonly scheduleName: string;
  readonly scheduledBy: string;
}

@Injectable()
export class ReportMailsRepository {
  constructor(private readonly database: Database) {}

  /** Of these reports those that a schedule asked for and whose owner is to be mailed, and has not been. */
  listDue(tenantId: string, reportIds: readonly string[]): Promise<DueMail[]> {
    return this.database.many<DueMail>(
      `-- reports.listDueMails
      select r.id as "reportId", r.owner_id as "ownerId", u.name, u.email, t.name as "tenantName",
        s.name as "scheduleName", o.name as "scheduledBy"
      from reports r
      join report_schedules s on s.tenant_id = $1 and s.id = r.schedule_id and r.owner_id = any (s.recipients)
      join users u on u.tenant_id = $1 and u.id = r.owner_id and u.is_active and u.email is not null
      join users o on o.tenant_id = $1 and o.id = s.owner_id
      join tenants t on t.id = $1
      where r.tenant_id = $1 and r.id = any ($2::uuid[]) and r.mailed_at is null and r.cancelled_at is null
      order by r.id`,
      [tenantId, reportIds],
    );
  }

  async recordMailed(tenantId: string, reportId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- reports.recordMailed
      update reports set mailed_at = $3 where tenant_id = $1 and id = $2`,
      [tenantId, reportId, now],
    );
  }
}
