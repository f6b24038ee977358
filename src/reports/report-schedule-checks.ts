import { Injectable } from '@nestjs/common';
import { holds } from '../auth/permissions.js';
import { ViewersService } from '../auth/viewers.service.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { Problem } from '../http/problem.js';
import { localDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import type { ReportKindName } from './report-kind.js';
import { ReportOwners } from './report-owners.js';
import { type Question, ReportQuestions, type WantedReport } from './report-questions.js';
import type { Schedule } from './report-schedules.repository.js';
import { nextRun, periodBefore } from './schedule-times.js';

/** Kinds that are about a period. */
const withPeriod: ReadonlySet<ReportKindName> = new Set<ReportKindName>(['activity', 'interventions', 'departments', 'audit']); // prettier-ignore

export type Order = Pick<
  Schedule,
  'kind' | 'format' | 'filter' | 'period' | 'purpose' | 'recipients' | 'every' | 'atMinute' | 'weekday' | 'monthDay'
>;

/** Whether a schedule can be what it says, now. */
@Injectable()
export class ReportScheduleChecks {
  constructor(
    private readonly questions: ReportQuestions,
    private readonly owners: ReportOwners,
    private readonly viewers: ViewersService,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * @returns when it would run first
   * @throws Problem 400 and 404 for the filter, 403 without the permission of the kind and for services, 422 for a
   *   recipient who may not see all of it, and without a purpose where one is required
   */
  async check(viewer: Viewer, order: Order, now: Date): Promise<Date> {
    if (personOf(viewer) === null) {
      throw new Problem(403, 'report_schedule_needs_person', { detail: 'Schedules are of people; services can ask.' });
    }
    refusePeriod(order);
    await this.questions.refusePurposeless(viewer, order.purpose);
    const { question } = await this.question(viewer, order, now);
    const suitable = await this.suitable(viewer.tenantId, question, order.recipients);
    const unsuitable = order.recipients.findIndex((id) => !suitable.some(({ userId }) => userId === id));
    if (unsuitable >= 0) {
      const detail = 'A recipient must be active staff who may see all that the report shows.';
      throw Problem.unprocessable('recipient_unsuitable', detail, `/recipients/${unsuitable}`);
    }
    return nextRun((await this.tenants.get(viewer.tenantId)).timeZone, order, now);
  }

  /** As they are now. @throws Problem 403 where they are not active or may not ask for reports any more */
  async owner(tenantId: string, ownerId: string): Promise<Viewer> {
    const found = await this.viewers.find(tenantId, ownerId);
    if (found && holds(found.viewer, 'reports:write')) return found.viewer;
    throw new Problem(403, 'report_schedule_owner_unsuitable', {
      detail: 'Its owner is no longer active, or may no longer ask for reports.',
    });
  }

  /** Of a run that is due at an instant, however late. @throws Problem as `check` does for the filter and the permission */
  async question(viewer: Viewer, order: Order, due: Date): Promise<{ wanted: WantedReport; question: Question }> {
    const { kind, format, filter, period, purpose } = order;
    const { timeZone } = await this.tenants.get(viewer.tenantId);
    const day = localDay(timeZone, due);
    const asked = period === null ? filter : { ...filter, ...periodBefore(period, day) };
    const wanted = { kind, format, filter: asked, purpose };
    return { wanted, question: await this.questions.understand(viewer, wanted) };
  }

  /** When it was due last, since `from` when it was due first, and when it is next. */
  async dueTimes(tenantId: string, order: Order, from: Date, now: Date): Promise<{ due: Date; next: Date }> {
    const { timeZone } = await this.tenants.get(tenantId);
    let due = from;
    for (;;) {
      const next = nextRun(timeZone, order, due);
      if (next > now) return { due, next };
      due = next;
    }
  }

  /**
   * Those of the recipients who may have the file: it is written once, as its owner sees it, so they have to see no less.
   * Neither who does not exist nor who is of another tenant is told from the others.
   */
  async suitable(tenantId: string, question: Question, recipients: readonly string[]): Promise<Viewer[]> {
    const suitable: Viewer[] = [];
    for (const id of recipients) {
      const viewer = await this.owners.find(tenantId, id, question);
      if (viewer) suitable.push(viewer);
    }
    return suitable;
  }
}

function refusePeriod({ kind, filter, period }: Order): void {
  if (period === null) return;
  const refuse = (pointer: string, detail: string): never => {
    throw Problem.invalid([{ pointer, code: 'value_invalid', detail }]);
  };
  if (!withPeriod.has(kind)) refuse('/period', 'this kind is about students as they are, and not about a period');
  for (const name of ['from', 'to']) if (name in filter) refuse(`/filter/${name}`, 'is what `period` is put into');
}
