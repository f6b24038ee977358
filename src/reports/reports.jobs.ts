import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { Problem } from '../http/problem.js';
import { expireReports, writeReport } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { type BegunFile, ReportFilesRepository } from './report-files.repository.js';
import { ReportOwners } from './report-owners.js';
import { reasonOf } from './report-failures.js';
import { FileLost, ReportStore } from './report-store.js';
import { ReportWriter } from './report-writer.js';
import { ReportsRepository } from './reports.repository.js';

const watchSeconds = 1;
const mostExpired = 1_000;
/** Longer than all attempts of a job take. */
const lostDays = 1;
/** What somebody asked for may name people. */
const rememberedDays = 90;
const mostForgotten = 1_000;
const abandoned =
  'It was begun several times, or waited for a day, and never finished. Ask for less at once, or again.';

@Injectable()
export class ReportsJobs {
  private readonly logger = new Logger('Reports');

  constructor(
    private readonly files: ReportFilesRepository,
    private readonly reports: ReportsRepository,
    private readonly owners: ReportOwners,
    private readonly writer: ReportWriter,
    private readonly store: ReportStore,
    private readonly clock: Clock,
  ) {}

  @Handles(writeReport)
  async writeFile({ tenantId, payload, occasion, attempt, signal }: Run): Promise<Outcome> {
    const fileId = String(payload['fileId']);
    const file = await this.files.begin(tenantId!, fileId, occasion, this.clock.now());
    if (!file) return { fileId, result: 'over' };
    const lost = new AbortController();
    const watch = setInterval(() => void this.watch(file, lost), watchSeconds * 1000);
    try {
      await this.refuseStrangers(file);
      return { fileId, rows: await this.writer.write(file, AbortSignal.any([signal, lost.signal])) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FileLost) return { fileId, result: 'lost' };
      const reason = reasonOf(error);
      if (error instanceof DatabaseUnavailable && attempt < writeReport.attempts) {
        await this.files.postpone(file.tenantId, file, reason);
        throw error;
      }
      if (!(error instanceof DatabaseUnavailable || error instanceof Problem)) {
        this.logger.error({
          message: 'a report cannot be written',
          kind: file.kind,
          fileId,
          error: (error as Error).stack,
        });
      }
      await this.store.fail(file, reason);
      return { fileId, result: 'failed', reason };
    } finally {
      clearInterval(watch);
    }
  }

  @Handles(expireReports)
  async expireFiles({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const lostBefore = new Date(now.getTime() - lostDays * 86_400_000);
    const failed = await this.store.failAbandoned(writeReport.name, abandoned, lostBefore);
    let expired = 0;
    for (let count = mostExpired; count === mostExpired; expired += count) {
      signal.throwIfAborted();
      count = await this.files.expire(now, mostExpired);
    }
    const emptied = await this.store.emptyOver(signal);
    let forgotten = 0;
    const before = new Date(now.getTime() - rememberedDays * 86_400_000);
    for (let count = mostForgotten; count === mostForgotten; forgotten += count) {
      signal.throwIfAborted();
      count = await this.files.forget(before, mostForgotten);
    }
    return { failed, expired, emptied, forgotten };
  }

  /** Tells when it was cancelled: between two parts of a workbook much time can pass. */
  private async watch(file: BegunFile, lost: AbortController): Promise<void> {
    // what cannot be asked now is asked again in a second, or found out by the next part
    const held = await this.files.isHeld(file.tenantId, file).catch(() => true);
    if (!held) lost.abort(new FileLost());
  }

  /** Equal questions see the same: one of those who asked is enough. @throws Problem 403 */
  private async refuseStrangers(file: BegunFile): Promise<void> {
    for (const { ownerId } of await this.reports.listAskers(file.tenantId, file.id)) {
      if (await this.owners.find(file.tenantId, ownerId, file)) return;
    }
    throw new Problem(403, 'report_access_lost', { detail: 'What it asks for is no longer yours to see.' });
  }
}
