import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { ReportFilesRepository } from './report-files.repository.js';
import type { ReportListQuery } from './reports.dto.js';
import { type ReportRow, ReportsRepository } from './reports.repository.js';

/** One's own reports. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly database: Database,
    private readonly reports: ReportsRepository,
    private readonly files: ReportFilesRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: ReportListQuery): Promise<Page<ReportRow>> {
    const { status } = query;
    const listing = { scope: ['reports', viewer.userId, status], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.reports.list(viewer, status, now, position),
      position.page === undefined ? undefined : this.reports.count(viewer, status, now),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  async get(viewer: Viewer, id: string): Promise<ReportRow> {
    const report = await this.reports.find(viewer, id, this.clock.now());
    if (!report) throw Problem.notFound('report');
    return report;
  }

  /** Its file is written on while somebody else waits for it. Cancelling twice is cancelling once. */
  cancel(viewer: Viewer, id: string): Promise<ReportRow> {
    const { tenantId } = viewer;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const report = await this.reports.lockOne(viewer, id);
      if (!report) throw Problem.notFound('report');
      if (report.status === 'queued' || report.status === 'running') {
        await this.reports.cancel(tenantId, id, now);
        const others = await this.reports.listAskers(tenantId, report.fileId);
        if (others.length === 0) await this.files.cancel(tenantId, report.fileId, now);
        await this.audit.record(viewer, {
          action: 'report.cancelled',
          targetType: 'report',
          targetId: id,
          personId: personOf(viewer),
        });
      } else if (report.status !== 'cancelled') {
        throw Problem.conflict('report_finished', 'This report is finished and can no longer be cancelled.');
      }
      return this.get(viewer, id);
    });
  }
}
