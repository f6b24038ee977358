import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { RiskBand } from '../students/risk-bands.js';

/** What students are told about a piece of their work. */
const workStates = {
  assigned: 'w.is_assigned and not w.is_done',
  dueSoon: 'w.is_due_soon',
  overdue: 'w.is_overdue',
} as const;

export interface ToldWork {
  readonly studentId: string;
  readonly title: string;
  readonly dueAt: string | null;
}

export interface ToldGrade {
  readonly studentId: string;
  readonly title: string;
  readonly gradedAt: string;
}

export interface Responsible {
  readonly userId: string;
  readonly studentId: string;
  readonly studentName: string;
}

export interface ToldAchievement {
  readonly studentId: string;
  readonly code: string;
  readonly title: string;
  readonly description: string;
}

export interface ToldMessage {
  readonly userId: string;
  readonly threadId: string;
}

export interface ToldReport {
  readonly reportId: string;
  readonly ownerId: string;
  readonly kind: string;
  readonly format: string;
  /** Of one that is ready. */
  readonly expiresAt: string | null;
  /** Of one that there will be none of. */
  readonly error: string | null;
}

/** What there is to tell and to whom, as it is when it is told and not as it was when it happened. */
@Injectable()
export class OccasionsRepository {
  constructor(private readonly database: Database) {}

  /** Students with ids above `after` who have this assignment, in the order of their ids. */
  async listHolders(tenantId: string, assignmentId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- notifications.listHolders
      select student_id as id from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id > $3 and withdrawn_at is null
      order by student_id limit $4`,
      [tenantId, assignmentId, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Of these students those whose work on the assignment is so. */
  listWork(
    tenantId: string,
    state: keyof typeof workStates,
    { assignmentId, studentIds, now }: { assignmentId: string; studentIds: readonly string[]; now: Date },
  ): Promise<ToldWork[]> {
    return this.database.many<ToldWork>(
      `-- notifications.listWork
      select w.student_id as "studentId", a.title, w.effective_due_at as "dueAt"
      from work_at($1, $4) w
      join assignments a on a.tenant_id = $1 and a.id = w.assignment_id
      where w.assignment_id = $2 and w.student_id = any ($3::uuid[]) and ${workStates[state]}`,
      [tenantId, assignmentId, studentIds, now],
    );
  }

  /** Of these students those who can see a grade of the assignment. */
  listGraded(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<ToldGrade[]> {
    return this.database.many<ToldGrade>(
      `-- notifications.listGraded
      select s.student_id as "studentId", a.title, s.graded_at as "gradedAt"
      from submissions s
      join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = any ($3) and s.withdrawn_at is null
        and s.graded_at is not null and (a.grade_release = 'automatic' or a.grades_released_at is not null)`,
      [tenantId, assignmentId, studentIds],
    );
  }

  /**
   * The instructor of each of these students, and who stands in for that one.
   * @param band only of students whose announced risk band it is; null: of all
   */
  listResponsible(
    tenantId: string,
    studentIds: readonly string[],
    { band, now }: { readonly band: RiskBand | null; readonly now: Date },
  ): Promise<Responsible[]> {
    return this.database.many<Responsible>(
      `-- notifications.listResponsible
      select who.user_id as "userId", p.student_id as "studentId", p.name as "studentName"
      from student_progress p
      cross join lateral (
        select p.instructor_id
        union
        select d.substitute_id from delegations d
        where d.tenant_id = $1 and d.instructor_id = p.instructor_id and d.revoked_at is null
          and d.valid_from <= $4 and d.valid_to > $4
      ) as who (user_id)
      where p.tenant_id = $1 and p.student_id = any ($2) and p.is_active and p.instructor_id is not null
        and ($3::text is null or p.risk_announced_band = $3)`,
      [tenantId, studentIds, band, now],
    );
  }

  /** What these students have achieved on this day or later. */
  listAchieved(tenantId: string, studentIds: readonly string[], since: string): Promise<ToldAchievement[]> {
    return this.database.many<ToldAchievement>(
      `-- notifications.listAchieved
      select w.student_id as "studentId", a.code, a.title, a.description
      from student_achievements w
      join achievements a on a.tenant_id = $1 and a.id = w.achievement_id
      where w.tenant_id = $1 and w.student_id = any ($2) and w.reached_on >= $3
      order by w.reached_on, a.code`,
      [tenantId, studentIds, since],
    );
  }

  /** Of these people those who have a message that is still to be seen, and have not muted its sender or conversation. */
  listReceived(tenantId: string, messageId: string, userIds: readonly string[], now: Date): Promise<ToldMessage[]> {
    return this.database.many<ToldMessage>(
      `-- notifications.listReceived
      select r.user_id as "userId", r.thread_id as "threadId"
      from messages m
      join message_recipients r on r.tenant_id = $1 and r.message_id = m.id and r.user_id = any ($3::uuid[])
      left join preferences p on p.tenant_id = $1 and p.user_id = r.user_id
      where m.tenant_id = $1 and m.id = $2 and m.recalled_at is null and (m.expires_at is null or m.expires_at > $4)
        and not coalesce(m.sender_id = any (p.muted_sender_ids) or r.thread_id = any (p.muted_thread_ids), false)`,
      [tenantId, messageId, userIds, now],
    );
  }

  /** That are ready, or will never be. */
  listReports(tenantId: string, reportIds: readonly string[], now: Date): Promise<ToldReport[]> {
    return this.database.many<ToldReport>(
      `-- notifications.listReports
      select r.id as "reportId", r.owner_id as "ownerId", f.kind, f.format, f.expires_at as "expiresAt",
        case f.status when 'failed' then f.error end as error
      from reports r join report_files f on f.tenant_id = $1 and f.id = r.file_id
      where r.tenant_id = $1 and r.id = any ($2::uuid[]) and r.cancelled_at is null
        and (f.status = 'failed' or (f.status = 'ready' and f.expires_at > $3))`,
      [tenantId, reportIds, now],
    );
  }

  async listAdministrators(tenantId: string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- notifications.listAdministrators
      select id from users where tenant_id = $1 and role = 'admin' and is_active`,
      [tenantId],
    );
    return rows.map(({ id }) => id);
  }
}
