import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { SubmissionReads } from './submission-reads.js';
import { SubmissionDetail, SubmissionListQuery, SubmissionRow } from './submissions.dto.js';

@ApiTags('submissions')
@Controller()
export class SubmissionsController {
  constructor(private readonly reads: SubmissionReads) {}

  @Get('submissions')
  @RouteConfig({ rateLimit: 'search' })
  @Operation({
    summary: 'List submissions',
    description:
      "What is set to the viewer's students and what became of it, one row for each student and assignment: a " +
      "student's own list, an instructor's roster. `state=awaitingGrade&sort=submitted` is what waits to be graded.",
    permission: 'submissions:read',
    answer: SubmissionRow,
    shape: 'page',
    example: {
      data: [
        {
          assignmentId: '0198f000-0000-7000-8000-000000000006',
          assignmentTitle: 'Call signs, part two',
          assignmentStatus: 'active',
          studentId: '0198f000-0000-7000-8000-000000000004',
          studentName: 'Kathleen Osei',
          studentPid: 'P-1042',
          status: 'submitted',
          isOverdue: false,
          isDueSoon: false,
          isLate: true,
          isMissing: false,
          isAwaitingGrade: true,
          effectiveDueAt: '2026-11-20T18:00:00Z',
          dueRule: 'extension',
          attemptsSubmitted: 1,
          hasOpenAttempt: false,
          maxAttempts: 3,
          score: 74.5,
          submittedAt: '2026-11-20T21:14:09Z',
          totalTimeSeconds: 1_260,
          exemption: null,
          version: 3,
        },
      ],
      pagination: examplePagination(1),
    },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: SubmissionListQuery): Promise<Page<SubmissionRow>> {
    return this.reads.list(viewer, query);
  }

  @Get('assignments/:id/submissions/:studentId')
  @Operation({
    summary: 'Show one submission',
    description: "With its attempts, scores and feedback. Reading another person's is audited.",
    permission: 'submissions:read',
    answer: SubmissionDetail,
    errors: [404],
  })
  get(
    @CurrentViewer() viewer: Viewer,
    @IdParam() assignmentId: string,
    @IdParam('studentId') studentId: string,
  ): Promise<SubmissionDetail> {
    return this.reads.get(viewer, { assignmentId, studentId });
  }
}
