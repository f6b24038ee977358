import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { isId } from '../http/fields.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { ReportScheduleChecks } from './report-schedule-checks.js';
import type { ChangeReportSchedule, CreateReportSchedule } from './report-schedules.dto.js';
import { ReportSchedulesRepository, type Schedule, type ScheduleRow } from './report-schedules.repository.js';
import type { Recurrence } from './schedule-times.js';

/** Whoever has more reports made than these reads none of them. */
const mostOfOwner = 20;

/** Standing orders for reports: one's own; administrators see all and may stop them. */
@Injectable()
export class ReportSchedulesService {
  constructor(
    private readonly database: Database,
    private readonly schedules: ReportSchedulesRepository,
    private readonly checks: ReportScheduleChecks,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: PageQuery): Promise<Page<ScheduleRow>> {
    const listing = { scope: ['report-schedules', viewer.userId, viewer.role], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.schedules.list(viewer, position),
      position.page === undefined ? undefined : this.schedules.count(viewer),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  /** @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<ScheduleRow> {
    const schedule = await this.schedules.find(viewer, id);
    if (!schedule) throw Problem.notFound('report_schedule');
    return schedule;
  }

  /** Creating with an id that one has used before answers what was created then. */
  async create(viewer: Viewer, body: CreateReportSchedule): Promise<ScheduleRow> {
    const { id = uuidv7(), at, weekday, monthDay, recipients, ...wanted } = body;
    const schedule = {
      ...wanted,
      id,
      ownerId: viewer.userId,
      ...recurrenceOf({ every: body.every, at, weekday, monthDay }),
      filter: filterKept(wanted.filter),
      recipients: idsOf(recipients),
      purpose: body.purpose ?? null,
    };
    const now = this.clock.now();
    const nextAt = await this.checks.check(viewer, schedule, now);
    return this.database.transaction(async () => {
      await this.schedules.lockOwner(viewer.tenantId, viewer.userId);
      const known = await this.schedules.find(viewer, id);
      if (known?.ownerId === viewer.userId) return known;
      if ((await this.schedules.countOwn(viewer.tenantId, viewer.userId)) >= mostOfOwner) {
        throw Problem.conflict('report_schedules_too_many', `You have ${mostOfOwner} schedules. Delete one first.`);
      }
      const wantedNext = { ...schedule, nextAt: nextAt.toISOString() };
      if (!(await this.schedules.insert(viewer.tenantId, wantedNext, now))) {
        throw Problem.conflict('report_schedule_id_taken', 'This id is in use.', '/id');
      }
      await this.record(viewer, 'created', viewer.userId, id, { after: wantedNext });
      return this.get(viewer, id);
    });
  }

  /** @throws Problem 403 for anything but stopping somebody else's, 412 for another version */
  change(viewer: Viewer, id: string, change: ChangeReportSchedule, version: number): Promise<ScheduleRow> {
    return this.database.transaction(async () => {
      const before = await this.schedules.lock(viewer, id);
      if (!before) throw Problem.notFound('report_schedule');
      if (before.ownerId !== viewer.userId && !isStopping(change)) {
        throw new Problem(403, 'report_schedule_not_own', { detail: 'Of others you may stop it, and nothing else.' });
      }
      if (version !== before.version) throw Problem.versionMismatch();
      const after = await this.changed(viewer, before, change);
      await this.schedules.update(viewer.tenantId, after);
      await this.record(viewer, 'changed', before.ownerId, id, { before, after });
      return this.get(viewer, id);
    });
  }

  /** Reports that it has asked for stay. @throws Problem 403 for somebody else's */
  delete(viewer: Viewer, id: string, version: number | undefined): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.schedules.lock(viewer, id);
      if (!before) throw Problem.notFound('report_schedule');
      if (before.ownerId !== viewer.userId) {
        throw new Problem(403, 'report_schedule_not_own', { detail: 'Of others you may stop it, and nothing else.' });
      }
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      await this.schedules.delete(viewer.tenantId, id);
      await this.record(viewer, 'deleted', before.ownerId, id, { before });
    });
  }

  /** What it would be. While it runs it is checked as when it was made, and what was wrong with it is forgotten. */
  private async changed(viewer: Viewer, before: Schedule, change: ChangeReportSchedule): Promise<Schedule> {
    const { isActive = before.isActive } = change;
    if (before.ownerId !== viewer.userId) return { ...before, isActive: false, nextAt: null };
    const { every = before.every, at = clockTime(before), recipients = before.recipients } = change;
    const isSameRecurrence = every === before.every;
    const { weekday = isSameRecurrence ? before.weekday : undefined } = change;
    const { monthDay = isSameRecurrence ? before.monthDay : undefined } = change;
    const { name = before.name, format = before.format, filter = before.filter, period = before.period } = change;
    const { purpose = before.purpose } = change;
    const after: Schedule = {
      ...before,
      ...{ name, format, filter: filterKept(filter), period, purpose },
      ...recurrenceOf({ every, at, weekday, monthDay }),
      recipients: idsOf(recipients),
      isActive,
      nextAt: null,
    };
    if (!isActive) return after;
    const nextAt = await this.checks.check(viewer, after, this.clock.now());
    return { ...after, nextAt: nextAt.toISOString(), lastError: null };
  }

  private record(
    viewer: Viewer,
    verb: string,
    personId: string,
    id: string,
    { before, after }: { before?: object; after?: object },
  ): Promise<void> {
    const entry = { action: `report_schedule.${verb}`, targetType: 'report_schedule', targetId: id, personId };
    return this.audit.record(viewer, { ...entry, before: recordable(before), after: recordable(after) });
  }
}

/** What somebody calls it, and says it is for, may name somebody else, whom the audit could not forget. */
const recordable = (schedule: object | undefined): object | undefined =>
  schedule && { ...schedule, name: undefined, purpose: undefined };

const isStopping = ({ isActive, ...others }: ChangeReportSchedule): boolean =>
  isActive === false && Object.values(others).every((value) => value === undefined);

const idsOf = (ids: readonly string[]): string[] => [...new Set(ids.map((id) => id.toLowerCase()))];

/** With ids as they are kept, so that they are found when people turn out to be one. */
function filterKept(filter: Schedule['filter']): Schedule['filter'] {
  const entries = Object.entries(filter as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name !== 'search' && isId(value) ? String(value).toLowerCase() : value]),
  );
}

/** `07:30` */
export function clockTime({ atMinute }: Pick<Recurrence, 'atMinute'>): string {
  return new Date(atMinute * 60_000).toISOString().slice(11, 16);
}

interface GivenRecurrence extends Pick<Recurrence, 'every'> {
  readonly at: string;
  readonly weekday?: number | null;
  readonly monthDay?: number | null;
}

/** @throws Problem 400 for a day of the week that is not of a week, or a day of the month that is not of a month */
function recurrenceOf({ every, at, weekday, monthDay }: GivenRecurrence): Recurrence {
  const refuse = (name: string, of: string): never => {
    throw Problem.invalid([{ pointer: `/${name}`, code: 'value_invalid', detail: `is of every ${of} alone` }]);
  };
  if (every !== 'week' && typeof weekday === 'number') refuse('weekday', 'week');
  if (every !== 'month' && typeof monthDay === 'number') refuse('monthDay', 'month');
  return {
    every,
    atMinute: Number(at.slice(0, 2)) * 60 + Number(at.slice(3)),
    weekday: every === 'week' ? (weekday ?? 1) : null,
    monthDay: every === 'month' ? (monthDay ?? 1) : null,
  };
}
