import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { delegationOf } from '../students/student-filter.js';
import { scopeKey } from '../students/student-reads.js';
import type { AttemptResponse } from './attempts.dto.js';
import { AttemptsRepository } from './attempts.repository.js';
import { type Filter, type ZonedMoment, SubmissionListRepository } from './submission-list.repository.js';
import type { SubmissionKey } from './submission-scores.repository.js';
import type { SubmissionDetail, SubmissionListQuery, SubmissionRow } from './submissions.dto.js';

/** What students have done, as it is at this moment: much of it follows from the clock, so nothing is kept. */
@Injectable()
export class SubmissionReads {
  constructor(
    private readonly submissions: SubmissionListRepository,
    private readonly attempts: AttemptsRepository,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: SubmissionListQuery): Promise<Page<SubmissionRow>> {
    const { sort, order } = query;
    const filter = filterOf(query);
    const listing = {
      scope: ['submissions', scopeKey(viewer), filter, sort, order],
      keys: this.submissions.cursorKinds(sort),
    };
    const position = positionOf(query, listing);
    const moment = await this.moment(viewer.tenantId);
    const [rows, count] = await Promise.all([
      this.submissions.list(viewer, filter, { sort, order, ...moment }, position),
      position.page === undefined ? undefined : this.submissions.count(viewer, filter, moment),
    ]);
    const page = toPage(rows, position, {
      listing,
      keysOf: (row) => this.submissions.cursorOf(sort, row),
      total: count?.total,
      totalIsEstimate: count?.isEstimate,
    });
    return { ...page, data: page.data.map(({ nameSort: _, ...row }): SubmissionRow => row) };
  }

  /** @throws Problem 404 for what is not set to this student, or not to be seen */
  async get(viewer: Viewer, key: SubmissionKey): Promise<SubmissionDetail> {
    const found = await this.submissions.find(viewer, key, await this.moment(viewer.tenantId));
    if (!found) throw Problem.notFound('submission');
    const { instructorId, ...submission } = found;
    const attempts = await this.attempts.listOf(viewer, key);
    await this.recordRead(viewer, 'submission.viewed', submission, instructorId);
    return { ...submission, attempts };
  }

  /** @throws Problem 404 */
  async getAttempt(viewer: Viewer, id: string): Promise<AttemptResponse> {
    const found = await this.attempts.find(viewer, id);
    if (!found) throw Problem.notFound('attempt');
    const { instructorId, assignmentStatus: _, ...attempt } = found;
    await this.recordRead(viewer, 'attempt.viewed', attempt, instructorId);
    return attempt;
  }

  private async recordRead(
    viewer: Viewer,
    action: string,
    { assignmentId, studentId }: SubmissionKey,
    instructorId: string | null,
  ): Promise<void> {
    if (viewer.userId === studentId) return;
    const after = { assignmentId, ...delegationOf(viewer, instructorId) };
    await this.audit.recordRead(viewer, { action, targetType: 'student', targetId: studentId, after });
  }

  private async moment(tenantId: string): Promise<ZonedMoment> {
    const { timeZone } = await this.tenants.get(tenantId);
    return { now: this.clock.now(), timeZone };
  }
}

/** Only what was given, so that equal filters are equal text. */
function filterOf(query: SubmissionListQuery): Filter {
  const { assignmentId, studentId, departmentId, instructorId, state, dueFrom, dueTo } = query;
  return { assignmentId, studentId, departmentId, instructorId, state, dueFrom, dueTo };
}
