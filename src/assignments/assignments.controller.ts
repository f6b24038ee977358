import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { JsonBytes } from '../http/answer.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { examplePagination } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AssignmentReads } from './assignment-reads.js';
import { AssignmentStates } from './assignment-states.js';
import {
  AssignmentDetail, AssignmentListQuery, AssignmentRow, ChangeAssignment, CopyAssignment, CreateAssignment,
  PublishAssignment,
} from './assignments.dto.js'; // prettier-ignore
import { detailExample, rowExample } from './assignments.examples.js';
import { AssignmentsService } from './assignments.service.js';

const answer = { answer: AssignmentDetail, example: detailExample } as const;

@ApiTags('assignments')
@Controller('assignments')
export class AssignmentsController {
  constructor(
    private readonly reads: AssignmentReads,
    private readonly assignments: AssignmentsService,
    private readonly states: AssignmentStates,
  ) {}

  @Get()
  @RouteConfig({ rateLimit: 'search' })
  @Operation({
    summary: 'List assignments, or templates',
    description:
      'One’s own, those handed out to students whom one may see, and of templates also those that are shared. The ' +
      'counts are of the viewer’s own students.',
    permission: 'assignments:read',
    answer: AssignmentRow,
    shape: 'page',
    example: { data: [rowExample], pagination: examplePagination(1) },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: AssignmentListQuery): Promise<JsonBytes> {
    return this.reads.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Create an assignment or a template',
    description: 'A draft. With an `id` of the client’s own it may be sent again; then what is there is answered.',
    permission: 'assignments:write',
    status: 201,
    ...answer,
    errors: [409, 422],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateAssignment): Promise<AssignmentDetail> {
    return this.assignments.create(viewer, body);
  }

  @Get(':id')
  @Operation({ summary: 'Show an assignment', permission: 'assignments:read', ...answer, errors: [404] })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.reads.get(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change an assignment',
    description:
      'Only the fields that are given. What students have done stays what it was: `moduleIds` and `attemptPolicy` ' +
      'cannot change once anything is submitted, `targetScore` and `gradeRelease` once anything has a score, and ' +
      '`maxAttempts` cannot fall below the attempts that somebody has begun. Whatever else changes, due date and late ' +
      'policy included, leaves penalties, feedback and scores of what is submitted alone. What is archived is read only.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeAssignment,
    @IfMatch() version: number | undefined,
  ): Promise<AssignmentDetail> {
    return this.assignments.change(viewer, id, body, version);
  }

  @Delete(':id')
  @Operation({
    summary: 'Delete a draft that nobody ever got',
    permission: 'assignments:write',
    status: 204,
    errors: [404, 409],
  })
  delete(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.assignments.delete(viewer, id);
  }

  @Post(':id/copy')
  @Operation({
    summary: 'Copy an assignment or a template',
    description: 'To a draft of one’s own, with modules and policies. Dates do not come along.',
    permission: 'assignments:write',
    status: 201,
    ...answer,
    errors: [404, 409],
  })
  copy(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: CopyAssignment,
  ): Promise<AssignmentDetail> {
    return this.assignments.copy(viewer, id, body);
  }

  @Post(':id/publish')
  @Operation({
    summary: 'Publish a draft',
    description: 'Those who have been given it have it to do from now on, or from when it is available.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409, 422],
  })
  publish(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: PublishAssignment,
  ): Promise<AssignmentDetail> {
    return this.states.publish(viewer, id, body);
  }

  @Post(':id/pause')
  @Operation({
    summary: 'Pause an active assignment',
    description: 'Nothing can be handed in, and nothing is overdue.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409],
  })
  pause(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.states.move(viewer, id, 'pause');
  }

  @Post(':id/resume')
  @Operation({
    summary: 'Go on with a paused assignment',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409],
  })
  resume(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.states.move(viewer, id, 'resume');
  }

  @Post(':id/complete')
  @Operation({
    summary: 'End an assignment',
    description: 'What is overdue is missing from then on.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409],
  })
  complete(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.states.move(viewer, id, 'complete');
  }

  @Post(':id/archive')
  @Operation({
    summary: 'Archive a completed assignment, a draft or a template',
    description: 'It is read only, and still counts.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409],
  })
  archive(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.states.move(viewer, id, 'archive');
  }

  @Post(':id/restore')
  @Operation({
    summary: 'Take an assignment out of the archive',
    description: 'It is completed again; what was never published is a draft again.',
    permission: 'assignments:write',
    ...answer,
    errors: [404, 409],
  })
  restore(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentDetail> {
    return this.states.move(viewer, id, 'restore');
  }
}
