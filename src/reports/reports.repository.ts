import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { ReportResponse, ReportStatus } from './reports.dto.js';

export type ReportRow = Omit<ReportResponse, 'links'>;

/** Of somebody who asked: `r` with its file `f`, at the time of this parameter. */
const statusAt = (now: string): string => `case when r.cancelled_at is not null then 'cancelled'
  when f.status = 'ready' and f.expires_at <= ${now} then 'expired' else f.status end`;
const columnsAt = (
  now: string,
): string => `r.id, f.kind, f.format, f.filter, f.options, r.purpose, ${statusAt(now)} as status,
  f.progress, f.rows, f.bytes, f.attempts, f.error, r.schedule_id as "scheduleId", r.created_at as "createdAt",
  f.started_at as "startedAt", coalesce(r.cancelled_at, f.finished_at) as "finishedAt", f.expires_at as "expiresAt"`;
const tables = 'reports r join report_files f on f.tenant_id = $1 and f.id = r.file_id';

/** What was asked for, by whom. One's own and nobody else's. */
@Injectable()
export class ReportsRepository {
  constructor(private readonly database: Database) {}

  /** Newest first; `after` is the time and id of the last of the page before. */
  list(
    viewer: Viewer,
    status: ReportStatus | undefined,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<ReportRow[]> {
    return this.database.many<ReportRow>(
      `-- reports.list
      select ${columnsAt('$3')} from ${tables}
      where r.tenant_id = $1 and r.owner_id = $2 and ($4::text is null or ${statusAt('$3')} = $4)
        and ($5::timestamptz is null or (r.created_at, r.id) < ($5, $6::uuid))
      order by r.created_at desc, r.id desc limit $7 offset $8`,
      [viewer.tenantId, viewer.userId, now, status ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer, status: ReportStatus | undefined, now: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- reports.count
      select count(*) as count from ${tables}
      where r.tenant_id = $1 and r.owner_id = $2 and ($4::text is null or ${statusAt('$3')} = $4)`,
      [viewer.tenantId, viewer.userId, now, status ?? null],
    );
    return count;
  }

  find(viewer: Viewer, id: string, now: Date): Promise<ReportRow | null> {
    return this.database.maybeOne<ReportRow>(
      `-- reports.find
      select ${columnsAt('$4')} from ${tables}
      where r.tenant_id = $1 and r.owner_id = $2 and r.id = $3`,
      [viewer.tenantId, viewer.userId, id, now],
    );
  }

  /** Until the transaction ends nobody else of this tenant asks for a report: what is counted stays true. */
  async lock(tenantId: string): Promise<void> {
    await this.database.run(
      `-- reports.lockTenant
      select pg_advisory_xact_lock(hashtext('reports ' || $1))`,
      [tenantId],
    );
  }

  /** What is queued or running: asked for by this owner, also by a schedule of theirs, and files of the whole tenant. */
  countUnfinished(viewer: Viewer): Promise<{ own: number; all: number }> {
    return this.database.one<{ own: number; all: number }>(
      `-- reports.countUnfinished
      select count(distinct f.id) as all,
        count(r.id) filter (where r.owner_id = $2 and coalesce(s.owner_id, $2) = $2) as own
      from report_files f
      left join reports r on r.tenant_id = $1 and r.file_id = f.id and r.cancelled_at is null
      left join report_schedules s on s.tenant_id = $1 and s.id = r.schedule_id
      where f.tenant_id = $1 and f.status in ('queued', 'running')`,
      [viewer.tenantId, viewer.userId],
    );
  }

  /** Bytes of all files of the tenant that are stored, as they are downloaded; also of those that are still to be deleted. */
  async countStored(tenantId: string): Promise<number> {
    const { bytes } = await this.database.one<{ bytes: number }>(
      `-- reports.countStored
      select coalesce(sum(bytes), 0)::bigint as bytes from report_files where tenant_id = $1 and parts > 0`,
      [tenantId],
    );
    return bytes;
  }

  /** @returns whether the id was free */
  async insert(
    viewer: Viewer,
    report: {
      readonly id: string;
      readonly fileId: string;
      readonly scheduleId: string | null;
      readonly purpose?: string | null;
    },
    now: Date,
  ): Promise<boolean> {
    const count = await this.database.run(
      `-- reports.insert
      insert into reports (tenant_id, id, owner_id, file_id, schedule_id, created_at, purpose)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (tenant_id, id) do nothing`,
      [viewer.tenantId, report.id, viewer.userId, report.fileId, report.scheduleId, now, report.purpose ?? null],
    );
    return count === 1;
  }

  /** Until the transaction ends nobody else cancels it or finishes its file. */
  lockOne(viewer: Viewer, id: string): Promise<{ fileId: string; status: ReportStatus } | null> {
    return this.database.maybeOne<{ fileId: string; status: ReportStatus }>(
      `-- reports.lockOne
      select f.id as "fileId", case when r.cancelled_at is not null then 'cancelled' else f.status end as status
      from ${tables}
      where r.tenant_id = $1 and r.owner_id = $2 and r.id = $3 for update`,
      [viewer.tenantId, viewer.userId, id],
    );
  }

  async cancel(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- reports.cancel
      update reports set cancelled_at = $3 where tenant_id = $1 and id = $2`,
      [tenantId, id, now],
    );
  }

  /** Who asked for a file and has not cancelled. */
  listAskers(tenantId: string, fileId: string): Promise<{ reportId: string; ownerId: string }[]> {
    return this.database.many<{ reportId: string; ownerId: string }>(
      `-- reports.listAskers
      select id as "reportId", owner_id as "ownerId" from reports
      where tenant_id = $1 and file_id = $2 and cancelled_at is null
      order by id`,
      [tenantId, fileId],
    );
  }
}
