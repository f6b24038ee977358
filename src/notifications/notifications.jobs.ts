import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import {
  deleteExpiredNotifications, tellAchieved, tellAssigned, tellAtRisk, tellDueSoon, tellFailed, tellGraded, tellMessage,
  tellOverdue, tellReport,
} from '../jobs/catalogue.js'; // prettier-ignore
import { Handles, queueOf, type Outcome, type Run } from '../jobs/job.js';
import { addDays, localDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { riskBands, type RiskBand } from '../students/risk-bands.js';
import { type Telling, texts } from './notification-texts.js';
import { NotificationsRepository } from './notifications.repository.js';
import { OccasionsRepository, type Responsible } from './occasions.repository.js';
import { TrayWriter } from './tray-writer.js';

/** Told in one transaction. */
const chunkStudents = 1_000;
/** What was achieved before is found when it is first looked for, and is no news. */
const newsDays = 7;
/** Longer than any event is repeated, and than what it tells of is shown in a tray. */
const causesKeptDays = 400;
/** Whoever follows the event of a line late still finds it. */
const expiredKeptDays = 7;

interface WorkPayload {
  readonly assignmentId: string;
  /** Left out: all who have it. */
  readonly studentIds?: readonly string[];
}

/**
 * Tells people what has happened. Who they are is looked up in the moment in which it is told; what they have been told
 * of already they are not told again, so each of these may run any number of times, and beside itself.
 */
@Injectable()
export class NotificationsJobs {
  constructor(
    private readonly occasions: OccasionsRepository,
    private readonly writer: TrayWriter,
    private readonly notifications: NotificationsRepository,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  @Handles(tellAssigned)
  async tellAssigned({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { assignmentId, studentIds } = payload as unknown as WorkPayload;
    if (studentIds) return { told: await this.tellNewWork(tenantId!, assignmentId, studentIds) };
    let told = 0;
    for (let holders: string[] = [], after: string = NIL; ; after = holders.at(-1)!) {
      signal.throwIfAborted();
      holders = await this.occasions.listHolders(tenantId!, assignmentId, after, chunkStudents);
      told += await this.tellNewWork(tenantId!, assignmentId, holders);
      if (holders.length < chunkStudents) return { told };
    }
  }

  @Handles(tellDueSoon)
  async tellDueSoon({ tenantId, payload }: Run): Promise<Outcome> {
    const { assignmentId, studentIds = [] } = payload as unknown as WorkPayload;
    const telling = await this.telling(tenantId!);
    const work = await this.occasions.listWork(tenantId!, 'dueSoon', { assignmentId, studentIds, now: telling.now });
    return { told: await this.writer.tell(tenantId!, work.map((one) => texts.dueSoon(telling, assignmentId, one))) }; // prettier-ignore
  }

  /** The students, and those who are responsible for them. */
  @Handles(tellOverdue)
  async tellOverdue({ tenantId, payload, occasion }: Run): Promise<Outcome> {
    const { assignmentId, studentIds = [] } = payload as unknown as WorkPayload;
    const telling = await this.telling(tenantId!);
    const { now } = telling;
    const work = await this.occasions.listWork(tenantId!, 'overdue', { assignmentId, studentIds, now });
    if (work.length === 0) return { told: 0 };
    const { title } = work[0]!;
    const late = work.map(({ studentId }) => studentId);
    const responsible = await this.occasions.listResponsible(tenantId!, late, { band: null, now });
    const told = await this.writer.tell(tenantId!, [
      ...work.map((one) => texts.overdue(telling, assignmentId, one)),
      ...countsOf(responsible).map(([userId, count]) =>
        texts.overdueOfMany(telling, userId, { assignmentId, occasion, title, count }),
      ),
    ]);
    return { told };
  }

  @Handles(tellGraded)
  async tellGraded({ tenantId, payload }: Run): Promise<Outcome> {
    const { assignmentId, studentIds = [] } = payload as unknown as WorkPayload;
    const telling = await this.telling(tenantId!);
    const graded = await this.occasions.listGraded(tenantId!, assignmentId, studentIds);
    return { told: await this.writer.tell(tenantId!, graded.map((one) => texts.graded(telling, assignmentId, one))) }; // prettier-ignore
  }

  /** Of a band that is high or critical, and higher than the one before. */
  @Handles(tellAtRisk)
  async tellAtRisk({ tenantId, payload, occasion }: Run): Promise<Outcome> {
    const { studentId, from, to } = payload as { studentId: string; from: RiskBand | null; to: RiskBand };
    const hasRisen = from === null || riskBands.indexOf(to) > riskBands.indexOf(from);
    if (!hasRisen || (to !== 'high' && to !== 'critical')) return { told: 0 };
    const telling = await this.telling(tenantId!);
    const { now } = telling;
    const responsible = await this.occasions.listResponsible(tenantId!, [studentId], { band: to, now });
    const notifications = responsible.map((one) => texts.atRisk(telling, { band: to, occasion }, one));
    return { told: await this.writer.tell(tenantId!, notifications) };
  }

  @Handles(tellAchieved)
  async tellAchieved({ tenantId, payload }: Run): Promise<Outcome> {
    const { studentIds } = payload as { studentIds: readonly string[] };
    const telling = await this.telling(tenantId!);
    const since = addDays(telling.today, -newsDays);
    const achieved = await this.occasions.listAchieved(tenantId!, studentIds, since);
    return { told: await this.writer.tell(tenantId!, achieved.map((one) => texts.achieved(telling, one))) }; // prettier-ignore
  }

  @Handles(tellMessage)
  async tellMessage({ tenantId, payload }: Run): Promise<Outcome> {
    const { messageId, userIds } = payload as unknown as { messageId: string; userIds: readonly string[] };
    const telling = await this.telling(tenantId!);
    const received = await this.occasions.listReceived(tenantId!, messageId, userIds, telling.now);
    return { told: await this.writer.tell(tenantId!, received.map((one) => texts.message(telling, messageId, one))) }; // prettier-ignore
  }

  /** Services have no tray. */
  @Handles(tellReport)
  async tellReport({ tenantId, payload }: Run): Promise<Outcome> {
    const { reportIds } = payload as { reportIds: readonly string[] };
    const telling = await this.telling(tenantId!);
    const reports = await this.occasions.listReports(tenantId!, reportIds, telling.now);
    return { told: await this.writer.tell(tenantId!, reports.map((one) => texts.report(telling, one))) }; // prettier-ignore
  }

  @Handles(tellFailed)
  async tellFailed({ tenantId, payload }: Run): Promise<Outcome> {
    const failed = payload as { job: string; occasion: string };
    // or what cannot be told would go on being told of
    if (queueOf(failed.job) === queueOf(tellFailed.name)) return { told: 0 };
    const telling = await this.telling(tenantId!);
    const administrators = await this.occasions.listAdministrators(tenantId!);
    return { told: await this.writer.tell(tenantId!, administrators.map((id) => texts.failed(telling, id, failed))) }; // prettier-ignore
  }

  @Handles(deleteExpiredNotifications)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const before = (days: number): Date => new Date(this.clock.now().getTime() - days * 86_400_000);
    const [expired, old] = [before(expiredKeptDays), before(causesKeptDays)];
    const notifications = await deleteInBatches(signal, (limit) => this.notifications.deleteExpired(expired, limit));
    const causes = await deleteInBatches(signal, (limit) => this.notifications.deleteOldCauses(old, limit));
    return { notifications, causes };
  }

  private async tellNewWork(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<number> {
    const telling = await this.telling(tenantId);
    const work = await this.occasions.listWork(tenantId, 'assigned', { assignmentId, studentIds, now: telling.now });
    return this.writer.tell(tenantId, work.map((one) => texts.assigned(telling, assignmentId, one))); // prettier-ignore
  }

  private async telling(tenantId: string): Promise<Telling> {
    const { timeZone } = await this.tenants.get(tenantId);
    const now = this.clock.now();
    return { timeZone, today: localDay(timeZone, now), now };
  }
}

/** Of how many of the students each is responsible. */
function countsOf(responsible: readonly Responsible[]): [userId: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { userId } of responsible) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return [...counts];
}
