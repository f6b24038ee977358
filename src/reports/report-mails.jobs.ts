import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { mailReady } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { Mailer } from '../mail/mailer.js';
import { ReportFilesRepository } from './report-files.repository.js';
import { writeReadyMail } from './report-mail.js';
import { type DueMail, ReportMailsRepository } from './report-mails.repository.js';
import { ReportOwners } from './report-owners.js';

@Injectable()
export class ReportMailsJobs {
  constructor(
    private readonly mails: ReportMailsRepository,
    private readonly files: ReportFilesRepository,
    private readonly owners: ReportOwners,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * One for each recipient of a scheduled report. Which have gone out is written down one by one, so that a further
   * attempt mails the others alone; only what a mail server takes over in the moment of a crash comes twice.
   */
  @Handles(mailReady)
  async mailReady({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const failures: unknown[] = [];
    let sent = 0;
    for (const due of await this.mails.listDue(tenantId!, payload['reportIds'] as string[])) {
      signal.throwIfAborted();
      try {
        if (await this.mail(tenantId!, due, signal)) sent++;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} mails: ${String(failures[0])}`);
    return { sent };
  }

  /** Nothing to whoever could not open it. */
  private async mail(tenantId: string, due: DueMail, signal: AbortSignal): Promise<boolean> {
    const { reportId, ownerId } = due;
    const file = await this.files.findOfReport(tenantId, ownerId, reportId);
    if (file?.status !== 'ready' || !(await this.owners.find(tenantId, ownerId, file))) return false;
    await this.mailer.send(writeReadyMail(due, this.config.appUrl), signal);
    await this.mails.recordMailed(tenantId, reportId, this.clock.now());
    return true;
  }
}
