import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeSegment, CreateSegment, SegmentCount, SegmentResponse } from './segments.dto.js';
import type { Segment } from './segments.repository.js';
import { SegmentsService } from './segments.service.js';

@ApiTags('segments')
@Controller('segments')
export class SegmentsController {
  constructor(private readonly segments: SegmentsService) {}

  @Get()
  @Operation({
    summary: "List one's own and shared segments",
    permission: 'segments:read',
    answer: SegmentResponse,
    shape: 'page',
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000005',
          ownerId: '0198f000-0000-7000-8000-000000000002',
          name: 'Slipping since spring',
          filter: { status: 'inactive', joinedTo: '2026-03-31' },
          isShared: false,
          version: 1,
          createdAt: '2026-11-20T08:30:00Z',
          updatedAt: '2026-11-20T08:30:00Z',
        },
      ],
      pagination: examplePagination(1),
    },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<Segment>> {
    return this.segments.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Save a student filter as a segment',
    permission: 'segments:write',
    status: 201,
    answer: SegmentResponse,
    errors: [409],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateSegment): Promise<Segment> {
    return this.segments.create(viewer, body);
  }

  @Get(':id')
  @Operation({ summary: 'Show a segment', permission: 'segments:read', answer: SegmentResponse, errors: [404] })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<Segment> {
    return this.segments.get(viewer, id);
  }

  @Get(':id/count')
  @Operation({
    summary: 'Count the students of a segment',
    permission: 'segments:read',
    answer: SegmentCount,
    errors: [404],
  })
  count(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<SegmentCount> {
    return this.segments.count(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: "Change one's own segment",
    permission: 'segments:write',
    answer: SegmentResponse,
    errors: [404, 409, 412],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeSegment,
    @IfMatch() version: number | undefined,
  ): Promise<Segment> {
    return this.segments.change(viewer, id, body, version);
  }

  @Delete(':id')
  @Operation({ summary: "Delete one's own segment", permission: 'segments:write', status: 204, errors: [404] })
  delete(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.segments.delete(viewer, id);
  }
}
