import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { ReportScheduleResponse } from './report-schedules.dto.js';
import type { Recurrence } from './schedule-times.js';

/** As it is stored: its local time in minutes. */
export type Schedule = Omit<ReportScheduleResponse, 'at' | 'ownerName'> & Recurrence;
export type ScheduleRow = Schedule & Pick<ReportScheduleResponse, 'ownerName'>;
export type NewSchedule = Omit<Schedule, 'isActive' | 'lastAt' | 'lastError' | 'version' | 'createdAt'>;

export interface DueSchedule {
  readonly tenantId: string;
  readonly id: string;
  readonly ownerId: string;
}

const columns = `s.id, s.owner_id as "ownerId", s.name, s.kind, s.format, s.filter, s.period, s.every,
  s.at_minute as "atMinute", s.weekday, s.month_day as "monthDay", s.recipients, s.purpose, s.is_active as "isActive",
  s.next_at as "nextAt", s.last_at as "lastAt", s.version, s.created_at as "createdAt"`;
const row = `${columns}, o.name as "ownerName", coalesce(s.last_error, (
    select case when f.status = 'failed' then f.error end
    from reports r join report_files f on f.tenant_id = $1 and f.id = r.file_id
    where r.tenant_id = $1 and r.schedule_id = s.id order by r.created_at desc, r.id desc limit 1
  )) as "lastError"`;
const tables = 'report_schedules s join users o on o.tenant_id = $1 and o.id = s.owner_id';
/** Of a part of a filter; its ids are kept in lower case. */
const namesPerson = `key in ('instructorId', 'ownerId', 'studentId')`;
/** One's own; of administrators all of the tenant. */
const seen = 's.tenant_id = $1 and ($3 or s.owner_id = $2)';
const scope = ({ tenantId, userId, role }: Viewer): unknown[] => [tenantId, userId, role === 'admin'];

@Injectable()
export class ReportSchedulesRepository {
  constructor(private readonly database: Database) {}

  /** Newest first; `after` is the time and id of the last of the page before. */
  list(viewer: Viewer, { limit, offset, after }: Position): Promise<ScheduleRow[]> {
    return this.database.many<ScheduleRow>(
      `-- reports.listSchedules
      select ${row} from ${tables}
      where ${seen} and ($4::timestamptz is null or (s.created_at, s.id) < ($4, $5::uuid))
      order by s.created_at desc, s.id desc limit $6 offset $7`,
      [...scope(viewer), after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- reports.countSchedules
      select count(*) as count from report_schedules s where ${seen}`,
      scope(viewer),
    );
    return count;
  }

  find(viewer: Viewer, id: string): Promise<ScheduleRow | null> {
    return this.database.maybeOne<ScheduleRow>(
      `-- reports.findSchedule
      select ${row} from ${tables} where ${seen} and s.id = $4`,
      [...scope(viewer), id],
    );
  }

  /** Locked for a change; a run waits, or goes first. */
  lock(viewer: Viewer, id: string): Promise<Schedule | null> {
    return this.database.maybeOne<Schedule>(
      `-- reports.lockSchedule
      select ${columns}, s.last_error as "lastError" from report_schedules s where ${seen} and s.id = $4 for update`,
      [...scope(viewer), id],
    );
  }

  /** Until the transaction ends nobody else makes a schedule of this owner: what is counted stays true. */
  async lockOwner(tenantId: string, userId: string): Promise<void> {
    await this.database.run(
      `-- reports.lockScheduleOwner
      select pg_advisory_xact_lock(hashtext('report schedules ' || $1 || ' ' || $2))`,
      [tenantId, userId],
    );
  }

  async countOwn(tenantId: string, userId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- reports.countOwnSchedules
      select count(*) as count from report_schedules where tenant_id = $1 and owner_id = $2`,
      [tenantId, userId],
    );
    return count;
  }

  /** @returns whether the id was free */
  async insert(tenantId: string, schedule: NewSchedule, now: Date): Promise<boolean> {
    const count = await this.database.run(
      `-- reports.insertSchedule
      insert into report_schedules (tenant_id, id, owner_id, name, kind, format, filter, period, every, at_minute, weekday,
        month_day, recipients, next_at, created_at, purpose)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
      on conflict (tenant_id, id) do nothing`,
      [
        tenantId, schedule.id, schedule.ownerId, schedule.name, schedule.kind, schedule.format,
        JSON.stringify(schedule.filter), schedule.period, schedule.every, schedule.atMinute, schedule.weekday,
        schedule.monthDay, schedule.recipients, schedule.nextAt, now, schedule.purpose,
      ],
    ); // prettier-ignore
    return count === 1;
  }

  /** All that may change, as it is to be. */
  async update(tenantId: string, schedule: Schedule): Promise<void> {
    await this.database.run(
      `-- reports.updateSchedule
      update report_schedules
      set name = $3, format = $4, filter = $5, period = $6, every = $7, at_minute = $8, weekday = $9, month_day = $10,
        recipients = $11, is_active = $12, next_at = $13, last_error = $14, purpose = $15, version = version + 1
      where tenant_id = $1 and id = $2`,
      [
        tenantId, schedule.id, schedule.name, schedule.format, JSON.stringify(schedule.filter), schedule.period,
        schedule.every, schedule.atMinute, schedule.weekday, schedule.monthDay, schedule.recipients, schedule.isActive,
        schedule.nextAt, schedule.lastError, schedule.purpose,
      ],
    ); // prettier-ignore
  }

  async delete(tenantId: string, id: string): Promise<void> {
    await this.database.run(
      `-- reports.deleteSchedule
      delete from report_schedules where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
  }

  /** Of somebody who is another person's second account: what they own, what they are sent, and filters that name them. */
  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- reports.giveAwaySchedules
      update report_schedules
      set owner_id = case owner_id when $2::uuid then $3::uuid else owner_id end, version = version + 1,
        recipients = case when $3 = any (recipients) then array_remove(recipients, $2)
          else array_replace(recipients, $2, $3) end,
        filter = coalesce((
          select jsonb_object_agg(key, case when ${namesPerson} and value = to_jsonb($2::text) then to_jsonb($3::text) else value end)
          from jsonb_each(filter)
        ), filter)
      where tenant_id = $1 and (owner_id = $2 or $2 = any (recipients) or exists (
        select from jsonb_each(filter) where ${namesPerson} and value = to_jsonb($2::text)
      ))`,
      [tenantId, fromId, intoId],
    );
  }

  /** Of each tenant the one that has waited longest, then the next ones: whoever has many keeps out nobody else's. */
  listDue(now: Date, limit: number): Promise<DueSchedule[]> {
    return this.database.many<DueSchedule>(
      `-- reports.listDueSchedules
      select tenant_id as "tenantId", id, owner_id as "ownerId" from report_schedules
      where is_active and next_at <= $1
      order by row_number() over (partition by tenant_id order by next_at, id), next_at, id limit $2`,
      [now, limit],
    );
  }

  /** Where it is still due and nobody else is running it, until the transaction ends. */
  claim(tenantId: string, id: string, now: Date): Promise<Schedule | null> {
    return this.database.maybeOne<Schedule>(
      `-- reports.claimSchedule
      select ${columns}, s.last_error as "lastError" from report_schedules s
      where s.tenant_id = $1 and s.id = $2 and s.is_active and s.next_at <= $3
      for update skip locked`,
      [tenantId, id, now],
    );
  }

  /** @param nextAt null: it stops */
  async recordRun(
    tenantId: string,
    id: string,
    { lastAt, nextAt, error }: { readonly lastAt: Date; readonly nextAt: Date | null; readonly error: string | null },
  ): Promise<void> {
    await this.database.run(
      `-- reports.recordScheduleRun
      update report_schedules
      set last_at = $3, next_at = $4, is_active = $4::timestamptz is not null, last_error = $5,
        version = version + case when $4::timestamptz is null then 1 else 0 end
      where tenant_id = $1 and id = $2`,
      [tenantId, id, lastAt, nextAt, error],
    );
  }

  /** It stays due. */
  async recordDelay(tenantId: string, id: string, error: string): Promise<void> {
    await this.database.run(
      `-- reports.recordScheduleDelay
      update report_schedules set last_error = $3 where tenant_id = $1 and id = $2`,
      [tenantId, id, error],
    );
  }
}
