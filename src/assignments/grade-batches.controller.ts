import { Controller, Get, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { GradeBatchResponse, UndoResponse } from './grade-batches.dto.js';
import { GradeUndo } from './grade-undo.service.js';

@ApiTags('grades')
@Controller('grade-batches')
export class GradeBatchesController {
  constructor(private readonly undoing: GradeUndo) {}

  @Get()
  @Operation({
    summary: 'List the grades that one has given together',
    description: 'Latest first.',
    permission: 'gradebook:read',
    answer: GradeBatchResponse,
    shape: 'page',
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000008',
          assignmentId: '0198f000-0000-7000-8000-000000000006',
          changes: 28,
          createdAt: '2026-11-20T08:30:00Z',
          undoableUntil: '2026-11-21T08:30:00Z',
          undoneAt: null,
        },
      ],
      pagination: examplePagination(1),
    },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<GradeBatchResponse>> {
    return this.undoing.list(viewer, query);
  }

  @Post(':id/undo')
  @RouteConfig({ deadlineSeconds: 60, rateLimit: 'expensive' })
  @Operation({
    summary: 'Take back grades that were given together',
    description:
      'For 24 hours, and of the students whom one may grade. What somebody has graded anew since stays. Again it ' +
      'changes nothing.',
    permission: 'grades:write',
    answer: UndoResponse,
    errors: [404, 409],
  })
  undo(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<UndoResponse> {
    return this.undoing.undo(viewer, id);
  }
}
