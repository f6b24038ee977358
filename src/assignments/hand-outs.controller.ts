import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { FollowedHandOuts } from './followed-hand-outs.service.js';
import { CreateHandOut, HandedOut, HandOut } from './hand-outs.dto.js';
import { HandOutsService } from './hand-outs.service.js';

@ApiTags('assignments')
@Controller('assignments/:id/hand-outs')
export class HandOutsController {
  constructor(
    private readonly handOuts: HandOutsService,
    private readonly followed: FollowedHandOuts,
  ) {}

  @Get()
  @Operation({
    summary: 'List the hand-outs of an assignment',
    description: "Of one's own assignments, the latest first.",
    permission: 'assignments:read',
    answer: HandOut,
    shape: 'page',
    errors: [404],
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000021',
          assignmentId: '0198f000-0000-7000-8000-000000000020',
          filter: { departmentId: '0198f000-0000-7000-8000-000000000003' },
          isDynamic: true,
          createdById: '0198f000-0000-7000-8000-000000000002',
          createdAt: '2026-11-20T08:30:00Z',
          endedAt: null,
          students: 24,
        },
      ],
      pagination: examplePagination(1),
    },
  })
  list(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Query() query: PageQuery): Promise<Page<HandOut>> {
    return this.handOuts.list(viewer, id, query);
  }

  @Post()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Hand out an assignment',
    description:
      'To students one by one, or to all whom a filter, a segment or a department means at this moment; a dynamic one ' +
      'goes on to those who match later, within what whoever handed out may see by then. One result per student; who ' +
      'has it already keeps it as it is. A draft is theirs from the moment that it is published.',
    permission: 'assignments:write',
    answer: HandedOut,
    errors: [404, 409, 422],
  })
  create(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: CreateHandOut): Promise<HandedOut> {
    return this.handOuts.create(viewer, id, body);
  }

  @Delete(':handOutId')
  @Operation({
    summary: 'End a dynamic hand-out',
    description: 'Nobody gets it by this hand-out any more; who has it keeps it.',
    permission: 'assignments:write',
    status: 204,
    errors: [404, 409],
  })
  end(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @IdParam('handOutId') handOutId: string): Promise<void> {
    return this.followed.end(viewer, id, handOutId);
  }
}
