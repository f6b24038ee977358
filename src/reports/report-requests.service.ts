import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { ReportFilesRepository } from './report-files.repository.js';
import { type Question, ReportQuestions, type WantedReport } from './report-questions.js';
import { keptDays } from './report-store.js';
import { type ReportRow, ReportsRepository } from './reports.repository.js';

/** Unfinished at once. */
export const mostOfOwner = 10;
export const mostOfTenant = 50;
const retrySeconds = 30;
/** Stored at once: the database is not where everything can be kept. */
export const mostGigabytes = 10;
/** As often as what is over is cleared away. */
const clearedSeconds = 600;

/** Asking for reports: who asks what others are waiting for waits with them, which adds no work. */
@Injectable()
export class ReportRequests {
  constructor(
    private readonly database: Database,
    private readonly reports: ReportsRepository,
    private readonly files: ReportFilesRepository,
    private readonly questions: ReportQuestions,
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Asking with an id that one has used before answers what was asked for then.
   * @throws Problem 400 and 404 for the filter, 403 without the permission of the kind, 409 for an id of somebody else's,
   *   429 where too many are unfinished, or too much is kept
   */
  async request(viewer: Viewer, wanted: WantedReport): Promise<ReportRow> {
    await this.questions.refusePurposeless(viewer, wanted.purpose);
    const question = await this.questions.understand(viewer, wanted);
    const { tenantId } = viewer;
    const { id = uuidv7(), scheduleId = null, purpose = null } = wanted;
    return this.database.transaction(async () => {
      await this.reports.lock(tenantId);
      const known = await this.reports.find(viewer, id, question.now);
      if (known) return known;
      const fileId = (await this.files.findUnfinished(tenantId, question.digest)) ?? (await this.begin(question));
      if (!(await this.reports.insert(viewer, { id, fileId, scheduleId, purpose }, question.now))) {
        throw Problem.conflict('report_id_taken', 'This id is in use.', '/id');
      }
      const { kind, format, filter } = question;
      await this.audit.record(viewer, {
        action: 'report.requested',
        targetType: 'report',
        targetId: id,
        personId: personOf(viewer),
        after: { kind, format, filter },
        reason: purpose ?? undefined,
      });
      return (await this.reports.find(viewer, id, question.now))!;
    });
  }

  /** @throws Problem 429 */
  private async begin({ now, ...file }: Question): Promise<string> {
    const { tenantId } = file.viewer;
    await this.refuseTooMany(file.viewer);
    await this.refuseTooLarge(tenantId);
    const id = uuidv7();
    await this.files.insert(tenantId, { ...file, id }, now);
    await this.outbox.append(tenantId, 'reports.requested', tenantId, { fileId: id });
    return id;
  }

  private async refuseTooMany(viewer: Viewer): Promise<void> {
    const { own, all } = await this.reports.countUnfinished(viewer);
    if (own < mostOfOwner && all < mostOfTenant) return;
    const detail =
      own < mostOfOwner
        ? `${mostOfTenant} reports of this organisation are not finished yet.`
        : `${mostOfOwner} of your reports are not finished yet. Wait for them, or cancel some.`;
    throw new Problem(429, 'reports_unfinished', { detail, headers: { 'retry-after': String(retrySeconds) } });
  }

  private async refuseTooLarge(tenantId: string): Promise<void> {
    if ((await this.reports.countStored(tenantId)) < mostGigabytes * 1e9) return;
    const detail = `Reports of this organisation fill ${mostGigabytes} GB, and no more are kept. The oldest go first, after ${keptDays} days.`;
    throw new Problem(429, 'reports_too_large', { detail, headers: { 'retry-after': String(clearedSeconds) } });
  }
}
