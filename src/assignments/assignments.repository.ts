import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { AffectedStudent } from './affected-students.js';
import { appendPredicate, ownPredicate, seenPredicate } from './assignment-scope.js';

/** An assignment that does not change while this transaction lasts. */
export interface LockedAssignment {
  readonly id: string;
  readonly ownerId: string | null;
  readonly title: string;
  readonly status: 'draft' | 'active' | 'paused' | 'completed' | 'archived';
  readonly isTemplate: boolean;
  readonly needsGrading: boolean;
  readonly gradeRelease: 'automatic' | 'manual';
  readonly gradesReleasedAt: string | null;
  readonly targetScore: number | null;
  readonly maxAttempts: number | null;
  readonly retakePolicy: 'never' | 'untilPassed' | 'always';
  readonly attemptPolicy: 'best' | 'last' | 'mean';
  readonly latePenalty: number;
  readonly latePenaltyLimit: number;
  readonly lateGraceSeconds: number;
  readonly availableFrom: string | null;
  readonly availableUntil: string | null;
  readonly dueAt: string | null;
  readonly version: number;
}

/** All that is written of one. */
export interface Assignment extends LockedAssignment {
  readonly description: string;
  readonly instructions: string;
  readonly category: string | null;
  readonly tags: readonly string[];
  readonly priority: string;
  readonly estimatedDurationSeconds: number | null;
  readonly weight: number;
  readonly feedbackRules: readonly { readonly minScore: number; readonly text: string }[];
  readonly isShared: boolean;
  readonly copiedFromId: string | null;
  readonly publishedAt: string | null;
  readonly openedAt: string | null;
  /** In their order. */
  readonly moduleIds: readonly string[];
}

/** What students have done on an assignment, those it was withdrawn from included. */
export interface WorkDone {
  readonly mostAttempts: number;
  readonly isSubmitted: boolean;
  readonly isScored: boolean;
}

const lockedColumns = `a.id, a.owner_id as "ownerId", a.title, a.status, a.is_template as "isTemplate",
  a.needs_grading as "needsGrading", a.grade_release as "gradeRelease",
  a.grades_released_at as "gradesReleasedAt", a.target_score as "targetScore",
  a.max_attempts as "maxAttempts", a.retake_policy as "retakePolicy", a.attempt_policy as "attemptPolicy",
  a.late_penalty as "latePenalty", a.late_penalty_limit as "latePenaltyLimit",
  a.late_grace_seconds as "lateGraceSeconds", a.available_from as "availableFrom",
  a.available_until as "availableUntil", a.due_at as "dueAt", a.version`;

const written = `new (id uuid, "ownerId" uuid, title text, description text, instructions text, category text,
  tags text[], priority text, "estimatedDurationSeconds" integer, "targetScore" numeric, "maxAttempts" integer,
  "retakePolicy" text, "attemptPolicy" text, weight numeric, "needsGrading" boolean, "gradeRelease" text,
  "latePenalty" numeric, "latePenaltyLimit" numeric, "lateGraceSeconds" integer, "feedbackRules" jsonb,
  "availableFrom" timestamptz, "availableUntil" timestamptz, "dueAt" timestamptz, status text, "isTemplate" boolean,
  "isShared" boolean, "copiedFromId" uuid, "publishedAt" timestamptz, "openedAt" timestamptz)`;

/** Locks are taken in this order everywhere: assignments, students, submissions, each by id. */
@Injectable()
export class AssignmentsRepository {
  constructor(private readonly database: Database) {}

  /** One that the viewer may see; others may lock it in this way too, and nobody changes it meanwhile. */
  lockSeen(viewer: Viewer, id: string, now: Date): Promise<LockedAssignment | null> {
    const { sql, parameters } = seenPredicate(viewer, now, 'one');
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockSeen
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for share`,
      parameters,
    );
  }

  /** The same for one of the viewer's own. */
  lockOwn(viewer: Viewer, id: string): Promise<LockedAssignment | null> {
    const { sql, parameters } = ownPredicate(viewer);
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockOwn
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for share`,
      parameters,
    );
  }

  /** One of the viewer's own, to change it. */
  lockForChange(viewer: Viewer, id: string): Promise<LockedAssignment | null> {
    const { sql, parameters } = ownPredicate(viewer);
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockForChange
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for no key update`,
      parameters,
    );
  }

  /** All of one, whoever asks. */
  find(tenantId: string, id: string): Promise<Assignment | null> {
    return this.database.maybeOne<Assignment>(
      `-- assignments.findWritten
      select ${lockedColumns}, a.description, a.instructions, a.category, a.tags, a.priority,
        a.estimated_duration_seconds as "estimatedDurationSeconds", a.weight, a.feedback_rules as "feedbackRules",
        a.is_shared as "isShared", a.copied_from_id as "copiedFromId", a.published_at as "publishedAt",
        a.opened_at as "openedAt", array(
          select m.module_id::text from assignment_modules m
          where m.tenant_id = $1 and m.assignment_id = a.id order by m.position
        ) as "moduleIds"
      from assignments a where a.tenant_id = $1 and a.id = $2`,
      [tenantId, id],
    );
  }

  /** Whether somebody at work could own what is this viewer's to give: whom the viewer is, stands in for or oversees. */
  async isOwner(viewer: Viewer, ownerId: string): Promise<boolean> {
    const parameters: unknown[] = [viewer.tenantId, ownerId];
    const { found } = await this.database.one<{ found: boolean }>(
      `-- assignments.isOwner
      select exists (
        select from (
          select u.id as owner_id from users u
          where u.tenant_id = $1 and u.id = $2 and u.is_active and u.role in ('instructor', 'admin')
        ) a where ${appendPredicate(ownPredicate(viewer), parameters)}
      ) as found`,
      parameters,
    );
    return found;
  }

  /** @returns whether it was inserted: false when the id is taken */
  async insert(tenantId: string, assignment: Assignment, now: Date): Promise<boolean> {
    const inserted = await this.database.run(
      `-- assignments.insert
      insert into assignments (tenant_id, id, owner_id, title, description, instructions, category, tags, priority,
        estimated_duration_seconds, target_score, max_attempts, retake_policy, attempt_policy, weight, needs_grading,
        grade_release, late_penalty, late_penalty_limit, late_grace_seconds, feedback_rules, available_from,
        available_until, due_at, status, is_template, is_shared, copied_from_id, created_at, updated_at)
      select $1, id, "ownerId", title, description, instructions, category, tags, priority,
        "estimatedDurationSeconds", "targetScore", "maxAttempts", "retakePolicy", "attemptPolicy", weight,
        "needsGrading", "gradeRelease", "latePenalty", "latePenaltyLimit", "lateGraceSeconds", "feedbackRules",
        "availableFrom", "availableUntil", "dueAt", status, "isTemplate", "isShared", "copiedFromId", $3, $3
      from jsonb_to_record($2::jsonb) as ${written}
      on conflict (tenant_id, id) do nothing`,
      [tenantId, JSON.stringify(assignment), now],
    );
    if (inserted > 0 && assignment.moduleIds.length > 0) await this.setModules(tenantId, assignment);
    return inserted > 0;
  }

  /** All of it but its modules; its version goes up by one. */
  update(tenantId: string, assignment: Assignment, now: Date): Promise<number> {
    return this.database.run(
      `-- assignments.update
      update assignments a
      set owner_id = new."ownerId", title = new.title, description = new.description, instructions = new.instructions,
        category = new.category, tags = new.tags, priority = new.priority,
        estimated_duration_seconds = new."estimatedDurationSeconds", target_score = new."targetScore",
        max_attempts = new."maxAttempts", retake_policy = new."retakePolicy", attempt_policy = new."attemptPolicy",
        weight = new.weight, needs_grading = new."needsGrading", grade_release = new."gradeRelease",
        late_penalty = new."latePenalty", late_penalty_limit = new."latePenaltyLimit",
        late_grace_seconds = new."lateGraceSeconds", feedback_rules = new."feedbackRules",
        available_from = new."availableFrom", available_until = new."availableUntil", due_at = new."dueAt",
        status = new.status, is_shared = new."isShared", published_at = new."publishedAt",
        opened_at = new."openedAt", version = a.version + 1, updated_at = $3
      from jsonb_to_record($2::jsonb) as ${written}
      where a.tenant_id = $1 and a.id = new.id`,
      [tenantId, JSON.stringify(assignment), now],
    );
  }

  setModules(tenantId: string, { id, moduleIds }: Pick<Assignment, 'id' | 'moduleIds'>): Promise<number> {
    return this.database.run(
      `-- assignments.setModules
      with removed as (
        delete from assignment_modules where tenant_id = $1 and assignment_id = $2 and module_id <> all ($3::uuid[])
      )
      insert into assignment_modules (tenant_id, assignment_id, module_id, position)
      select $1, $2, wanted.id, wanted.position from unnest($3::uuid[]) with ordinality as wanted (id, position)
      on conflict (tenant_id, assignment_id, module_id) do update set position = excluded.position`,
      [tenantId, id, moduleIds],
    );
  }

  /** Codes of those of these modules that are retired. */
  async listRetired(tenantId: string, moduleIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.many<{ code: string }>(
      `-- assignments.listRetiredModules
      select code from modules where tenant_id = $1 and id = any ($2) and not is_active order by code`,
      [tenantId, moduleIds],
    );
    return rows.map(({ code }) => code);
  }

  workDone(tenantId: string, id: string): Promise<WorkDone> {
    return this.database.one<WorkDone>(
      `-- assignments.workDone
      select coalesce(max(attempts_started), 0) as "mostAttempts",
        coalesce(bool_or(attempts_submitted > 0), false) as "isSubmitted",
        coalesce(bool_or(score is not null), false) as "isScored"
      from submissions where tenant_id = $1 and assignment_id = $2`,
      [tenantId, id],
    );
  }

  /** The students who have it, with those who are responsible for them. */
  listAffected(tenantId: string, id: string): Promise<AffectedStudent[]> {
    return this.database.many<AffectedStudent>(
      `-- assignments.listAffected
      select s.student_id as "studentId", p.instructor_id as "instructorId"
      from submissions s join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id
      where s.tenant_id = $1 and s.assignment_id = $2 and s.withdrawn_at is null`,
      [tenantId, id],
    );
  }

  /** One that nobody ever got. @returns how many were deleted: 0 where somebody did */
  delete(tenantId: string, id: string): Promise<number> {
    return this.database.run(
      `-- assignments.delete
      delete from assignments a
      where a.tenant_id = $1 and a.id = $2
        and not exists (select from submissions s where s.tenant_id = $1 and s.assignment_id = a.id)`,
      [tenantId, id],
    );
  }

  /** All that somebody owns, before any lock of students. */
  async lockOwned(tenantId: string, ownerId: string): Promise<void> {
    await this.database.run(
      `-- assignments.lockOwned
      select from assignments where tenant_id = $1 and owner_id = $2 order by id for no key update`,
      [tenantId, ownerId],
    );
  }

  /** All that these students have to do, before any lock of them. */
  async lockAllOf(tenantId: string, studentIds: readonly string[]): Promise<void> {
    await this.database.run(
      `-- assignments.lockAllOf
      select from assignments a
      where a.tenant_id = $1
        and a.id in (select s.assignment_id from submissions s where s.tenant_id = $1 and s.student_id = any ($2))
      order by a.id for share`,
      [tenantId, studentIds],
    );
  }

  /**
   * Of two people who are one: what the one owned and handed out becomes the other's, and filters that name the one name
   * the other. Of two filters that thus become the same, one is followed.
   */
  async giveAway(tenantId: string, fromId: string, intoId: string, now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.giveAway
      update assignments set owner_id = $3, version = version + 1, updated_at = $4
      where tenant_id = $1 and owner_id = $2`,
      [tenantId, fromId, intoId, now],
    );
    const followed = `select h.id, case when h.created_by = $2 then $3 else h.created_by end as created_by,
        case when h.filter ->> 'instructorId' = $2::text
          then jsonb_set(h.filter, '{instructorId}', to_jsonb($3::text)) else h.filter end as filter,
        h.assignment_id, h.created_at
      from hand_outs h
      where h.tenant_id = $1 and h.is_dynamic and h.ended_at is null`;
    await this.database.run(
      `-- assignments.endDoubledHandOuts
      update hand_outs h set ended_at = $4
      from (
        select id, row_number() over (partition by assignment_id, created_by, filter order by created_at, id) as number
        from (${followed}) renamed
      ) doubled
      where h.tenant_id = $1 and h.id = doubled.id and doubled.number > 1`,
      [tenantId, fromId, intoId, now],
    );
    await this.database.run(
      `-- assignments.giveAwayHandOuts
      update hand_outs h set created_by = renamed.created_by, filter = renamed.filter
      from (${followed}) renamed
      where h.tenant_id = $1 and h.id = renamed.id
        and (h.created_by, h.filter) is distinct from (renamed.created_by, renamed.filter)`,
      [tenantId, fromId, intoId],
    );
  }
}
