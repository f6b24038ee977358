import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { ReportRequests } from './report-requests.service.js';
import { ReportScheduleChecks } from './report-schedule-checks.js';
import { ReportSchedulesRepository, type Schedule } from './report-schedules.repository.js';
import { ReportsRepository } from './reports.repository.js';

export type RunResult = 'requested' | 'delayed' | 'stopped' | 'notDue';

const tooMany = 429;

/** Runs of schedules: what is asked for and when it is due next are one transaction, so that a run happens once. */
@Injectable()
export class ReportScheduleRuns {
  constructor(
    private readonly database: Database,
    private readonly schedules: ReportSchedulesRepository,
    private readonly reports: ReportsRepository,
    private readonly checks: ReportScheduleChecks,
    private readonly requests: ReportRequests,
    private readonly audit: AuditRecorder,
  ) {}

  /**
   * Where it is still due. However many runs were missed, this is one, the last, and the next is after now. What its owner may not
   * ask for any more stops it; where too many reports are unfinished it stays due.
   */
  run(tenantId: string, id: string, now: Date): Promise<RunResult> {
    return this.database.transaction(async () => {
      const schedule = await this.schedules.claim(tenantId, id, now);
      if (!schedule) return 'notDue';
      try {
        const { due, next: nextAt } = await this.checks.dueTimes(tenantId, schedule, new Date(schedule.nextAt!), now);
        const left = await this.request(tenantId, schedule, { due, now });
        const error =
          left === 0 ? null : `${left} of the recipients may no longer see what it shows, and did not get it.`;
        await this.schedules.recordRun(tenantId, id, { lastAt: now, nextAt, error });
        return 'requested';
      } catch (refusal) {
        // nothing has been written: a request refuses before it writes
        if (!(refusal instanceof Problem) || refusal.status >= 500) throw refusal;
        if (refusal.status === tooMany) {
          await this.schedules.recordDelay(tenantId, id, refusal.message);
          return 'delayed';
        }
        await this.stop(tenantId, schedule, now, refusal.message);
        return 'stopped';
      }
    });
  }

  /** For the owner, and the same file for each recipient who may have it. @returns how many may not */
  private async request(
    tenantId: string,
    schedule: Schedule,
    { due, now }: Readonly<Record<'due' | 'now', Date>>,
  ): Promise<number> {
    const { id: scheduleId, ownerId, recipients, purpose } = schedule;
    const owner = await this.checks.owner(tenantId, ownerId);
    const { wanted, question } = await this.checks.question(owner, schedule, due);
    const report = await this.requests.request(owner, { ...wanted, scheduleId });
    const others = recipients.filter((recipient) => recipient !== ownerId);
    const suitable = await this.checks.suitable(tenantId, question, others);
    const { fileId } = (await this.reports.lockOne(owner, report.id))!;
    for (const viewer of suitable)
      await this.reports.insert(viewer, { id: uuidv7(), fileId, scheduleId, purpose }, now);
    return others.length - suitable.length;
  }

  private async stop(tenantId: string, { id, ownerId }: Schedule, now: Date, reason: string): Promise<void> {
    await this.schedules.recordRun(tenantId, id, { lastAt: now, nextAt: null, error: reason });
    const entry = {
      action: 'report_schedule.stopped',
      targetType: 'report_schedule',
      targetId: id,
      personId: ownerId,
      reason,
    };
    await this.audit.record({ tenantId, userId: null, role: 'service' }, entry);
  }
}
