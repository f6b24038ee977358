import { Injectable } from '@nestjs/common';
import { appendPredicate, seenPredicate } from '../assignments/assignment-scope.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { PeopleInZone } from './waves.js';

/** What the variables stand for, of one recipient. */
export interface RecipientRow {
  readonly userId: string;
  readonly name: string;
  /** In the time zone of the organisation, `2026-03-09 17:00`. */
  readonly dueAt: string | null;
}

@Injectable()
export class RecipientsRepository {
  constructor(private readonly database: Database) {}

  /** Those of these people whom the viewer may write to: students whom one may see and staff; a student their instructor. */
  async listReachable(viewer: Viewer, userIds: readonly string[]): Promise<string[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const wanted = `$${parameters.push(userIds)}`;
    const reachable =
      viewer.role === 'student'
        ? `u.id = (select p.instructor_id from student_progress p where p.tenant_id = $1 and p.is_active and ${sql})`
        : `u.id <> $${parameters.push(viewer.userId)} and (u.role <> 'student' or exists (
            select from student_progress p
            where p.tenant_id = $1 and p.student_id = u.id and p.is_active and ${sql}
          ))`;
    const rows = await this.database.many<{ id: string }>(
      `-- messaging.listReachable
      select u.id from users u
      where u.tenant_id = $1 and u.id = any (${wanted}::uuid[]) and u.is_active and ${reachable}
      order by u.id`,
      parameters,
    );
    return rows.map(({ id }) => id);
  }

  /** The time zones of these people. */
  listZones(tenantId: string, userIds: readonly string[]): Promise<PeopleInZone[]> {
    return this.database.many<PeopleInZone>(
      `-- messaging.listZones
      select coalesce(p.time_zone, t.time_zone) as "timeZone", array_agg(wanted.id) as "userIds"
      from unnest($2::uuid[]) as wanted (id)
      join tenants t on t.id = $1
      left join preferences p on p.tenant_id = $1 and p.user_id = wanted.id
      group by 1`,
      [tenantId, userIds],
    );
  }

  /** All time zones of a tenant's people. */
  async listAllZones(tenantId: string): Promise<string[]> {
    const rows = await this.database.many<{ timeZone: string }>(
      `-- messaging.listAllZones
      select time_zone as "timeZone" from tenants where id = $1
      union
      select time_zone from preferences where tenant_id = $1 and time_zone is not null`,
      [tenantId],
    );
    return rows.map(({ timeZone }) => timeZone);
  }

  /** Of an assignment that the viewer may see. */
  async findAssignmentTitle(viewer: Viewer, assignmentId: string, now: Date): Promise<string | null> {
    const parameters: unknown[] = [viewer.tenantId, assignmentId];
    const seen = appendPredicate(seenPredicate(viewer, now, 'one'), parameters);
    const found = await this.database.maybeOne<{ title: string }>(
      `-- messaging.findAssignmentTitle
      select a.title from assignments a where a.tenant_id = $1 and a.id = $2 and (${seen})`,
      parameters,
    );
    return found?.title ?? null;
  }

  /** How many of these people have nothing to hand in by a day for an assignment. */
  async countWithoutDueDate(tenantId: string, userIds: readonly string[], assignmentId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- messaging.countWithoutDueDate
      select count(*) as count from unnest($2::uuid[]) as wanted (id)
      left join submissions s
        on s.tenant_id = $1 and s.assignment_id = $3 and s.student_id = wanted.id and s.withdrawn_at is null
      where s.effective_due_at is null`,
      [tenantId, userIds, assignmentId],
    );
    return count;
  }

  /** Those of these people who are active, and stay so, and themselves, until the transaction ends. */
  list(tenantId: string, userIds: readonly string[], assignmentId: string | null): Promise<RecipientRow[]> {
    return this.database.many<RecipientRow>(
      `-- messaging.listRecipientValues
      select u.id as "userId", u.name,
        to_char(s.effective_due_at at time zone t.time_zone, 'YYYY-MM-DD HH24:MI') as "dueAt"
      from users u
      join tenants t on t.id = $1
      left join submissions s
        on s.tenant_id = $1 and s.assignment_id = $3 and s.student_id = u.id and s.withdrawn_at is null
      where u.tenant_id = $1 and u.id = any ($2::uuid[]) and u.is_active
      order by u.id for share of u`,
      [tenantId, userIds, assignmentId],
    );
  }

  async findName(tenantId: string, userId: string): Promise<string> {
    const { name } = await this.database.one<{ name: string }>(
      `-- messaging.findName
      select name from users where tenant_id = $1 and id = $2`,
      [tenantId, userId],
    );
    return name;
  }
}
