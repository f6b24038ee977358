import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import { type Filter, studentPredicate } from '../students/student-filter.js';
import { ownPredicate } from './assignment-scope.js';
import type { HandOut } from './hand-outs.dto.js';

export type NewHandOut = Pick<HandOut, 'id' | 'assignmentId' | 'isDynamic' | 'createdById'> & {
  readonly filter: Filter | null;
};

/** A hand-out that is dynamic and has not been ended. */
export type FollowedHandOut = NewHandOut & { readonly filter: Filter };

/** What a student has of an assignment that was given to them at some time. */
export interface GivenWork {
  readonly studentId: string;
  readonly isWithdrawn: boolean;
  /** Or graded. */
  readonly isSubmitted: boolean;
}

const columns = `h.id, h.assignment_id as "assignmentId", h.filter, h.is_dynamic as "isDynamic",
  h.created_by as "createdById"`;
const times = 'h.created_at as "createdAt", h.ended_at as "endedAt"';

@Injectable()
export class HandOutsRepository {
  constructor(private readonly database: Database) {}

  async isOwn(viewer: Viewer, assignmentId: string): Promise<boolean> {
    const { sql, parameters } = ownPredicate(viewer);
    const { own } = await this.database.one<{ own: boolean }>(
      `-- assignments.isOwn
      select exists (
        select from assignments a where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(assignmentId)}
      ) as own`,
      parameters,
    );
    return own;
  }

  /** The latest first; `after` is the time and the id of the last one of the page before. */
  list(tenantId: string, assignmentId: string, { limit, offset, after }: Position): Promise<HandOut[]> {
    return this.database.many<HandOut>(
      `-- assignments.listHandOuts
      with page as (
        select * from hand_outs h
        where h.tenant_id = $1 and h.assignment_id = $2
          and ($3::timestamptz is null or (h.created_at, h.id) < ($3, $4::uuid))
        order by h.created_at desc, h.id desc limit $5 offset $6
      )
      select ${columns}, ${times}, (
        select count(*) from submissions s
        where s.tenant_id = $1 and s.assignment_id = $2 and s.hand_out_id = h.id and s.withdrawn_at is null
      ) as students
      from page h order by h.created_at desc, h.id desc`,
      [tenantId, assignmentId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string, assignmentId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- assignments.countHandOuts
      select count(*) as count from hand_outs where tenant_id = $1 and assignment_id = $2`,
      [tenantId, assignmentId],
    );
    return count;
  }

  find(tenantId: string, assignmentId: string, id: string): Promise<NewHandOut | null> {
    return this.database.maybeOne<NewHandOut>(
      `-- assignments.findHandOut
      select ${columns} from hand_outs h
      where h.tenant_id = $1 and h.assignment_id = $2 and h.id = $3`,
      [tenantId, assignmentId, id],
    );
  }

  /** @returns false when the id is taken, or when the same person has the same filter followed already */
  async insert(tenantId: string, handOut: NewHandOut, now: Date): Promise<boolean> {
    const inserted = await this.database.run(
      `-- assignments.insertHandOut
      insert into hand_outs (tenant_id, id, assignment_id, filter, is_dynamic, created_by, created_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict do nothing`,
      [tenantId, handOut.id, handOut.assignmentId, jsonOf(handOut), handOut.isDynamic, handOut.createdById, now],
    );
    return inserted === 1;
  }

  /** One that was handed out in the same way by the same person: under this id, or still followed. */
  async findEqual(tenantId: string, handOut: NewHandOut): Promise<string | null> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- assignments.findEqualHandOut
      select h.id from hand_outs h
      where h.tenant_id = $1 and h.assignment_id = $3 and h.filter is not distinct from $4::jsonb and h.is_dynamic = $5
        and h.created_by is not distinct from $6::uuid and (h.id = $2 or (h.is_dynamic and h.ended_at is null))
      order by h.id = $2 desc limit 1`,
      [tenantId, handOut.id, handOut.assignmentId, jsonOf(handOut), handOut.isDynamic, handOut.createdById],
    );
    return found?.id ?? null;
  }

  /** @returns false when it had been ended before */
  async end(tenantId: string, id: string, now: Date): Promise<boolean> {
    const ended = await this.database.run(
      `-- assignments.endHandOut
      update hand_outs set ended_at = $3 where tenant_id = $1 and id = $2 and is_dynamic and ended_at is null`,
      [tenantId, id, now],
    );
    return ended === 1;
  }

  listFollowed(tenantId: string): Promise<FollowedHandOut[]> {
    return this.database.many<FollowedHandOut>(
      `-- assignments.listFollowedHandOuts
      select ${columns} from hand_outs h
      where h.tenant_id = $1 and h.is_dynamic and h.ended_at is null order by h.id`,
      [tenantId],
    );
  }

  /** Whether it is still followed; if so, it does not end while this transaction lasts. */
  async lockFollowed(tenantId: string, id: string): Promise<boolean> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- assignments.lockFollowedHandOut
      select h.id from hand_outs h
      where h.tenant_id = $1 and h.id = $2 and h.is_dynamic and h.ended_at is null for share`,
      [tenantId, id],
    );
    return found !== null;
  }

  /** Students with ids above `after` whom a filter means and who have never been given the assignment. */
  async listNew(
    viewer: Viewer,
    { assignmentId, filter }: Pick<FollowedHandOut, 'assignmentId' | 'filter'>,
    moment: Moment,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<string[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const assignment = `$${parameters.push(assignmentId)}`;
    const last = `$${parameters.push(after)}`;
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.listNewStudents
      select p.student_id as id from student_progress p
      where p.tenant_id = $1 and ${sql} and p.student_id > ${last} and not exists (
        select from submissions s
        where s.tenant_id = $1 and s.assignment_id = ${assignment} and s.student_id = p.student_id
      )
      order by p.student_id limit $${parameters.push(limit)}`,
      parameters,
    );
    return rows.map(({ id }) => id);
  }

  /** Of those to whom it was given at some time, locked in the order of their ids. The students are locked before. */
  lockGiven(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<GivenWork[]> {
    return this.database.many<GivenWork>(
      `-- assignments.lockGivenWork
      select s.student_id as "studentId", s.withdrawn_at is not null as "isWithdrawn",
        s.attempts_submitted > 0 or s.graded_at is not null as "isSubmitted"
      from unnest($3::uuid[]) as wanted (id)
      join submissions s on s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = wanted.id
      order by s.student_id
      for no key update of s`,
      [tenantId, assignmentId, studentIds],
    );
  }

  /** @returns those who did not have it yet */
  async give(
    tenantId: string,
    { id, assignmentId }: Pick<HandOut, 'id' | 'assignmentId'>,
    studentIds: readonly string[],
    now: Date,
  ): Promise<string[]> {
    const rows = await this.database.many<{ studentId: string }>(
      `-- assignments.giveWork
      insert into submissions (tenant_id, assignment_id, student_id, hand_out_id, assigned_at, updated_at)
      select $1, $2, given.id, $3, $5, $5 from unnest($4::uuid[]) as given (id) order by given.id
      on conflict (tenant_id, assignment_id, student_id) do nothing
      returning student_id as "studentId"`,
      [tenantId, assignmentId, id, studentIds, now],
    );
    return rows.map(({ studentId }) => studentId);
  }

  /** Gives back what was withdrawn; the rows are locked. */
  async restore(
    tenantId: string,
    { id, assignmentId }: Pick<HandOut, 'id' | 'assignmentId'>,
    studentIds: readonly string[],
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- assignments.restoreWork
      update submissions s set withdrawn_at = null, hand_out_id = $3, version = s.version + 1, updated_at = $5
      from unnest($4::uuid[]) as wanted (id)
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = wanted.id`,
      [tenantId, assignmentId, id, studentIds, now],
    );
  }

  /** The rows are locked. */
  async withdraw(tenantId: string, assignmentId: string, studentIds: readonly string[], now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.withdrawWork
      update submissions s set withdrawn_at = $4, version = s.version + 1, updated_at = $4
      from unnest($3::uuid[]) as wanted (id)
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = wanted.id`,
      [tenantId, assignmentId, studentIds, now],
    );
  }
}

function jsonOf({ filter }: NewHandOut): string | null {
  return filter && JSON.stringify(filter);
}
