import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { GradeBatchResponse } from './grade-batches.dto.js';

/** What a batch made of one student's work, and what that was before. */
export interface BatchChange {
  readonly id: string;
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly isUndone: boolean;
  readonly fromGrade: number | null;
  readonly fromPenalty: number;
  readonly fromFeedback: string | null;
  readonly fromGradedAt: string | null;
  readonly fromGradedBy: string | null;
  readonly toGrade: number | null;
  readonly toPenalty: number;
  readonly toFeedback: string | null;
  readonly toGradedAt: string | null;
}

const columns = `b.id, b.assignment_id as "assignmentId", b.changes, b.created_at as "createdAt",
  b.created_at + interval '24 hours' as "undoableUntil", b.undone_at as "undoneAt"`;

@Injectable()
export class GradeBatchesRepository {
  constructor(private readonly database: Database) {}

  async insert(
    viewer: Viewer,
    batch: { readonly id: string; readonly assignmentId: string; readonly changes: number },
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- assignments.insertGradeBatch
      insert into grade_batches (tenant_id, id, assignment_id, changes, actor_id, actor_role, created_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
      [viewer.tenantId, batch.id, batch.assignmentId, batch.changes, viewer.userId, viewer.role, now],
    );
  }

  /** The viewer's own, latest first; `after` is the instant and id of the last one of the page before. */
  list(viewer: Viewer, { limit, offset, after }: Position): Promise<GradeBatchResponse[]> {
    return this.database.read().many<GradeBatchResponse>(
      `-- assignments.listGradeBatches
      select ${columns} from grade_batches b
      where b.tenant_id = $1 and b.actor_id = $2
        and ($3::timestamptz is null or (b.created_at, b.id) < ($3, $4::uuid))
      order by b.created_at desc, b.id desc limit $5 offset $6`,
      [viewer.tenantId, viewer.userId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer): Promise<number> {
    const { count } = await this.database.read().one<{ count: number }>(
      `-- assignments.countGradeBatches
      select count(*) as count from grade_batches where tenant_id = $1 and actor_id = $2`,
      [viewer.tenantId, viewer.userId],
    );
    return count;
  }

  find(tenantId: string, id: string): Promise<GradeBatchResponse | null> {
    return this.database.maybeOne<GradeBatchResponse>(
      `-- assignments.findGradeBatch
      select ${columns} from grade_batches b where b.tenant_id = $1 and b.id = $2`,
      [tenantId, id],
    );
  }

  /** Of the active students whom the viewer may see. */
  listChanges(viewer: Viewer, id: string): Promise<BatchChange[]> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.many<BatchChange>(
      `-- assignments.listBatchChanges
      select c.id, c.student_id as "studentId", p.instructor_id as "instructorId",
        exists (select from grade_changes o where o.tenant_id = $1 and o.undoes_id = c.id) as "isUndone",
        c.from_grade as "fromGrade", c.from_penalty as "fromPenalty", c.from_feedback as "fromFeedback",
        c.from_graded_at as "fromGradedAt", c.from_graded_by as "fromGradedBy", c.to_grade as "toGrade",
        c.to_penalty as "toPenalty", c.to_feedback as "toFeedback", c.to_graded_at as "toGradedAt"
      from grade_changes c join student_progress p on p.tenant_id = $1 and p.student_id = c.student_id
      where c.tenant_id = $1 and c.batch_id = $${parameters.push(id)} and p.is_active and ${sql}
      order by c.student_id`,
      parameters,
    );
  }

  async markUndone(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.markBatchUndone
      update grade_batches set undone_at = $3 where tenant_id = $1 and id = $2`,
      [tenantId, id, now],
    );
  }
}
