import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import { sqlBandOf } from '../students/risk-bands.js';
import { type Predicate, scopePredicate } from '../students/student-filter.js';
import { caseColumns, caseTables } from './intervention-list.repository.js';
import type { Action, EntryKind, Origin } from './intervention-states.js';
import type { Intervention, InterventionEntry, OpeningResult } from './interventions.dto.js';

/** What of a case is not shown as it stands, with whose student it is about. */
export interface Case extends Intervention {
  readonly contactedDay: string | null;
  readonly instructorId: string | null;
}

export interface NewEntry {
  readonly id: string;
  readonly interventionId: string;
  readonly actorId: string | null;
  readonly kind: EntryKind;
  readonly note: string;
  readonly details: object | null;
}

/** Of a student who is locked. */
export interface PlannedOpening {
  readonly studentId: string;
  readonly result: OpeningResult['result'];
  /** The one that is open. */
  readonly interventionId: string | null;
}

export interface OpeningTerms {
  readonly ownerId: string;
  readonly origin: Origin | null;
  readonly reason: string;
  readonly action: Action | null;
  readonly dueOn: string | null;
}

export interface OpenedCase {
  readonly id: string;
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly origin: Origin;
}

export interface ClearedCase {
  readonly id: string;
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly score: number;
  readonly scoreBefore: number;
}

/** Whether `users u` may see the student of `student_progress p`. */
const seesStudent = (now: string): string => `(u.is_active and (
    u.role = 'admin' or u.id = p.instructor_id
    or exists (
      select from instructor_profiles i join departments d on d.tenant_id = $1 and d.id = p.department_id
      where i.tenant_id = $1 and i.user_id = u.id and i.can_view_all and u.department_id = any (d.path)
    )
    or exists (
      select from delegations g
      where g.tenant_id = $1 and g.substitute_id = u.id and g.instructor_id = p.instructor_id
        and g.revoked_at is null and g.valid_from <= ${now} and g.valid_to > ${now}
    )
  ))`;

function caseOf(viewer: Viewer, id: string, today: string): Predicate {
  const { sql, parameters } = scopePredicate(viewer);
  const day = `$${parameters.push(today)}::date`;
  return {
    sql: `select ${caseColumns(day)}, c.contacted_day as "contactedDay", p.instructor_id as "instructorId"
      from ${caseTables}
      where c.tenant_id = $1 and c.id = $${parameters.push(id)} and ${sql}`,
    parameters,
  };
}

/** How many entries one page of a case shows. */
const shownEntries = 100;

@Injectable()
export class InterventionsRepository {
  constructor(private readonly database: Database) {}

  find(viewer: Viewer, id: string, today: string): Promise<Case | null> {
    const { sql, parameters } = caseOf(viewer, id, today);
    return this.database.maybeOne<Case>(`-- interventions.find\n${sql}`, parameters);
  }

  /** As it is until the end of the transaction. */
  lock(viewer: Viewer, id: string, today: string): Promise<Case | null> {
    const { sql, parameters } = caseOf(viewer, id, today);
    return this.database.maybeOne<Case>(`-- interventions.lock\n${sql} for no key update of c`, parameters);
  }

  /** The latest first. */
  listEntries(tenantId: string, interventionId: string): Promise<InterventionEntry[]> {
    return this.database.many<InterventionEntry>(
      `-- interventions.listEntries
      select e.id, e.at, e.kind, e.actor_id as "actorId", u.name as "actorName", e.note, e.details
      from intervention_entries e left join users u on u.tenant_id = $1 and u.id = e.actor_id
      where e.tenant_id = $1 and e.intervention_id = $2
      order by e.at desc, e.id desc limit ${shownEntries}`,
      [tenantId, interventionId],
    );
  }

  async findOpen(tenantId: string, studentId: string): Promise<string | null> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- interventions.findOpen
      select id from interventions where tenant_id = $1 and student_id = $2 and closed_at is null`,
      [tenantId, studentId],
    );
    return found?.id ?? null;
  }

  /** Whether somebody may be given cases on this student. */
  async isSuitable(tenantId: string, ownerId: string, studentId: string, now: Date): Promise<boolean> {
    const { suitable } = await this.database.one<{ suitable: boolean }>(
      `-- interventions.isSuitable
      select exists (
        select from users u join student_progress p on p.tenant_id = $1 and p.student_id = $3
        where u.tenant_id = $1 and u.id = $2 and ${seesStudent('$4')}
      ) as suitable`,
      [tenantId, ownerId, studentId, now],
    );
    return suitable;
  }

  /** What opening a case would do to each of these students, who are locked. */
  planOpening(
    tenantId: string,
    studentIds: readonly string[],
    { ownerId, origin }: OpeningTerms,
    now: Date,
  ): Promise<PlannedOpening[]> {
    return this.database.many<PlannedOpening>(
      `-- interventions.planOpening
      select p.student_id as "studentId", c.id as "interventionId",
        case
          when c.id is not null then 'open_already'
          when $4 = 'flag' and not p.is_at_risk then 'student_not_flagged'
          when u.id is null then 'owner_unsuitable'
          else 'opened'
        end as result
      from student_progress p
      left join interventions c on c.tenant_id = $1 and c.student_id = p.student_id and c.closed_at is null
      left join users u on u.tenant_id = $1 and u.id = $3 and ${seesStudent('$5')}
      where p.tenant_id = $1 and p.student_id = any ($2)`,
      [tenantId, studentIds, ownerId, origin, now],
    );
  }

  /** One for each of these students, who are locked and have none that is open. */
  insert(
    viewer: Viewer,
    cases: readonly { readonly id: string; readonly studentId: string }[],
    { ownerId, origin, reason, action, dueOn }: OpeningTerms,
    { today, now }: Moment,
  ): Promise<OpenedCase[]> {
    return this.database.many<OpenedCase>(
      `-- interventions.insert
      with opened as (
        insert into interventions (tenant_id, id, student_id, owner_id, origin, reason, action, due_on, opened_at,
          opened_by, opened_day, opened_score, opened_band, updated_at)
        select $1, new.id, p.student_id, $4, coalesce($5, case when p.is_at_risk then 'flag' else 'manual' end), $6, $7,
          $8, $9, $10, $11, p.risk_score, ${sqlBandOf('p.risk_score')}, $9
        from unnest($2::uuid[], $3::uuid[]) as new (id, student_id)
        join student_progress p on p.tenant_id = $1 and p.student_id = new.student_id
        returning id, student_id, origin
      )
      select o.id, o.student_id as "studentId", p.instructor_id as "instructorId", o.origin
      from opened o join student_progress p on p.tenant_id = $1 and p.student_id = o.student_id`,
      [
        viewer.tenantId, cases.map(({ id }) => id), cases.map(({ studentId }) => studentId), ownerId, origin, reason,
        action, dueOn, now, viewer.userId, today,
      ],
    ); // prettier-ignore
  }

  /** The case is locked. */
  async update(tenantId: string, wanted: Case, now: Date): Promise<void> {
    const {
      id, ownerId, status, action, reason, dueOn, snoozedUntil, contactedAt, contactedDay, contactedScore, closedAt,
      closedBy, closedScore, outcome, dismissal, closedItself,
    } = wanted; // prettier-ignore
    await this.database.run(
      `-- interventions.update
      update interventions
      set owner_id = $3, status = $4, action = $5, reason = $6, due_on = $7, snoozed_until = $8, contacted_at = $9,
        contacted_day = $10, contacted_score = $11, closed_at = $12, closed_by = $13, closed_score = $14, outcome = $15,
        dismissal = $16, closed_itself = $17, version = version + 1, updated_at = $18
      where tenant_id = $1 and id = $2`,
      [
        tenantId, id, ownerId, status, action, reason, dueOn, snoozedUntil, contactedAt, contactedDay, contactedScore,
        closedAt, closedBy, closedScore, outcome, dismissal, closedItself, now,
      ],
    ); // prettier-ignore
  }

  async insertEntries(tenantId: string, entries: readonly NewEntry[], now: Date): Promise<void> {
    await this.database.run(
      `-- interventions.insertEntries
      insert into intervention_entries (tenant_id, id, intervention_id, at, actor_id, kind, note, details)
      select $1, id, "interventionId", $3, "actorId", kind, note, details
      from jsonb_to_recordset($2::jsonb) as entry (id uuid, "interventionId" uuid, "actorId" uuid, kind text, note text,
        details jsonb)`,
      [tenantId, JSON.stringify(entries), now],
    );
  }

  /**
   * Closes cases from flags whose students were below the threshold, and neither high nor critical, on this evening and
   * the one before, and still are. Not one that was opened later than that or that somebody has reopened.
   */
  closeCleared(tenantId: string, day: string, limit: number, now: Date): Promise<ClearedCase[]> {
    return this.database.many<ClearedCase>(
      `-- interventions.closeCleared
      with cleared as (
        select c.id, p.instructor_id, e.score, b.score as score_before
        from interventions c
        join student_progress p on p.tenant_id = $1 and p.student_id = c.student_id and p.is_active
          and not p.is_at_risk and p.risk_score <= 70
        join risk_evaluations e on e.tenant_id = $1 and e.student_id = c.student_id and e.day = $2 and e.number = 0
          and e.insufficient is null and e.score <= least(p.risk_threshold, 70)
        join risk_evaluations b on b.tenant_id = $1 and b.student_id = c.student_id and b.day = $2::date - 1
          and b.number = 0 and b.insufficient is null and b.score <= least(p.risk_threshold, 70)
        where c.tenant_id = $1 and c.origin = 'flag' and c.closed_at is null and c.opened_day < $2 and not exists (
          select from intervention_entries r
          where r.tenant_id = $1 and r.intervention_id = c.id and r.kind = 'reopened'
        )
        order by c.id limit $3 for no key update of c
      )
      update interventions c
      set status = 'resolved', closed_at = $4, closed_score = cleared.score, closed_itself = true,
        version = c.version + 1, updated_at = $4
      from cleared
      where c.tenant_id = $1 and c.id = cleared.id
      returning c.id, c.student_id as "studentId", cleared.instructor_id as "instructorId", cleared.score,
        cleared.score_before as "scoreBefore"`,
      [tenantId, day, limit, now],
    );
  }
}
