import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { AccommodationResponse } from './accommodations.dto.js';

export interface NewAccommodation {
  readonly id: string;
  readonly studentId: string;
  readonly timeFactor: number;
  readonly extraDays: number;
  readonly reason: string;
  readonly validFrom: string;
  readonly validTo: string | null;
}

export interface LockedAccommodation extends AccommodationResponse {
  readonly instructorId: string | null;
}

const columns = `c.id, c.student_id as "studentId", u.name as "studentName", c.time_factor as "timeFactor",
  c.extra_days as "extraDays", c.reason, c.valid_from as "validFrom", c.valid_to as "validTo", c.ended_at as "endedAt",
  c.created_by as "createdBy", c.created_at as "createdAt", c.updated_at as "updatedAt", c.version`;
const tables = `accommodations c
  join student_progress p on p.tenant_id = $1 and p.student_id = c.student_id and p.is_active
  join users u on u.tenant_id = $1 and u.id = c.student_id`;

/** Due dates follow by triggers; whoever writes holds the lock of the student, so that nothing is handed out meanwhile. */
@Injectable()
export class AccommodationsRepository {
  constructor(private readonly database: Database) {}

  /** The latest beginning first. @param studentId null for those of all students */
  list(viewer: Viewer, studentId: string | null, { limit, offset, after }: Position): Promise<AccommodationResponse[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const student = `$${parameters.push(studentId)}::uuid`;
    const [from, id] = [`$${parameters.push(after?.[0] ?? null)}`, `$${parameters.push(after?.[1] ?? null)}`];
    return this.database.many<AccommodationResponse>(
      `-- assignments.listAccommodations
      select ${columns} from ${tables}
      where c.tenant_id = $1 and ${sql} and (${student} is null or c.student_id = ${student})
        and (${from}::timestamptz is null or (c.valid_from, c.id) < (${from}::timestamptz, ${id}::uuid))
      order by c.valid_from desc, c.id desc
      limit $${parameters.push(limit + 1)} offset $${parameters.push(offset)}`,
      parameters,
    );
  }

  async count(viewer: Viewer, studentId: string | null): Promise<number> {
    const { sql, parameters } = scopePredicate(viewer);
    const student = `$${parameters.push(studentId)}::uuid`;
    const { count } = await this.database.one<{ count: number }>(
      `-- assignments.countAccommodations
      select count(*) as count from ${tables}
      where c.tenant_id = $1 and ${sql} and (${student} is null or c.student_id = ${student})`,
      parameters,
    );
    return count;
  }

  /** A student of the viewer's, as they are until the end of the transaction. */
  lockStudent(viewer: Viewer, studentId: string): Promise<{ instructorId: string | null } | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.maybeOne<{ instructorId: string | null }>(
      `-- assignments.lockAccommodatedStudent
      select p.instructor_id as "instructorId" from student_progress p
      where p.tenant_id = $1 and ${sql} and p.is_active and p.student_id = $${parameters.push(studentId)}
      for no key update`,
      parameters,
    );
  }

  /** With the student's row. */
  lock(viewer: Viewer, id: string): Promise<LockedAccommodation | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.maybeOne<LockedAccommodation>(
      `-- assignments.lockAccommodation
      select ${columns}, p.instructor_id as "instructorId" from ${tables}
      where c.tenant_id = $1 and ${sql} and c.id = $${parameters.push(id)}
      for no key update of p, c`,
      parameters,
    );
  }

  insert(viewer: Viewer, accommodation: NewAccommodation, now: Date): Promise<AccommodationResponse> {
    const { id, studentId, timeFactor, extraDays, reason, validFrom, validTo } = accommodation;
    return this.database.one<AccommodationResponse>(
      `-- assignments.insertAccommodation
      with c as (
        insert into accommodations (tenant_id, id, student_id, time_factor, extra_days, reason, valid_from, valid_to,
          created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        returning *
      )
      select ${columns} from c join users u on u.tenant_id = $1 and u.id = c.student_id`,
      [viewer.tenantId, id, studentId, timeFactor, extraDays, reason, validFrom, validTo, viewer.userId, now],
    );
  }

  update(tenantId: string, accommodation: NewAccommodation, now: Date): Promise<AccommodationResponse> {
    const { id, timeFactor, extraDays, reason, validFrom, validTo } = accommodation;
    return this.database.one<AccommodationResponse>(
      `-- assignments.updateAccommodation
      update accommodations c
      set time_factor = $3, extra_days = $4, reason = $5, valid_from = $6, valid_to = $7, version = c.version + 1,
        updated_at = $8
      from users u
      where c.tenant_id = $1 and c.id = $2 and u.tenant_id = $1 and u.id = c.student_id
      returning ${columns}`,
      [tenantId, id, timeFactor, extraDays, reason, validFrom, validTo, now],
    );
  }

  /** One that has not begun never will. @returns null where it was over before */
  end(tenantId: string, id: string, now: Date): Promise<{ validTo: string } | null> {
    return this.database.maybeOne<{ validTo: string }>(
      `-- assignments.endAccommodation
      update accommodations
      set valid_to = greatest(valid_from, $3), ended_at = $3, version = version + 1, updated_at = $3
      where tenant_id = $1 and id = $2 and ended_at is null and (valid_to is null or valid_to > $3)
      returning valid_to as "validTo"`,
      [tenantId, id, now],
    );
  }

  /**
   * Of two students who are one person: where both have one at the same time, that of the one who stays becomes as
   * generous as the other; what is left of the others moves. The caller holds the locks of both.
   */
  async giveAway(tenantId: string, fromId: string, intoId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.widenAccommodations
      update accommodations c
      set time_factor = greatest(c.time_factor, other.time_factor), extra_days = greatest(c.extra_days, other.extra_days),
        version = c.version + 1, updated_at = $4
      from (
        select own.id, max(o.time_factor) as time_factor, max(o.extra_days) as extra_days
        from accommodations own
        join accommodations o on o.tenant_id = $1 and o.student_id = $2
          and tstzrange(o.valid_from, o.valid_to) && tstzrange(own.valid_from, own.valid_to)
        where own.tenant_id = $1 and own.student_id = $3
        group by own.id
      ) other
      where c.tenant_id = $1 and c.id = other.id`,
      [tenantId, fromId, intoId, now],
    );
    await this.database.run(
      `-- assignments.moveAccommodations
      with gone as (
        delete from accommodations where tenant_id = $1 and student_id = $2 returning *
      ), own as (
        select coalesce(range_agg(tstzrange(valid_from, valid_to)), '{}') as times
        from accommodations where tenant_id = $1 and student_id = $3
      )
      insert into accommodations (tenant_id, id, student_id, time_factor, extra_days, reason, valid_from, valid_to,
        ended_at, created_by, created_at, updated_at, version)
      select $1, case when rest.part = 1 then g.id else gen_random_uuid() end, $3, g.time_factor, g.extra_days, g.reason,
        lower(rest.time), upper(rest.time), g.ended_at, g.created_by, g.created_at, $4, g.version + 1
      from gone g
      cross join own
      cross join unnest(tstzmultirange(tstzrange(g.valid_from, g.valid_to)) - own.times)
        with ordinality as rest (time, part)`,
      [tenantId, fromId, intoId, now],
    );
  }
}
