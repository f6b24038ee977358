import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { RetentionReads } from './retention-preview.service.js';
import { RetentionPreview, RetentionRunResponse } from './retention.dto.js';

@ApiTags('retention')
@Controller('retention')
export class RetentionController {
  constructor(private readonly reads: RetentionReads) {}

  @Post('dry-runs')
  @HttpCode(200)
  @RouteConfig({ deadlineSeconds: 60, rateLimit: 'expensive' })
  @Operation({
    summary: 'Say what the next run of retention would delete',
    description: 'By the present settings and holds. Nothing is deleted.',
    permission: 'retention:read',
    answer: RetentionPreview,
  })
  preview(@CurrentViewer() viewer: Viewer): Promise<RetentionPreview> {
    return this.reads.preview(viewer);
  }

  @Get('runs')
  @Operation({
    summary: 'List runs of retention, the latest first',
    permission: 'retention:read',
    answer: RetentionRunResponse,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<RetentionRunResponse>> {
    return this.reads.list(viewer, query);
  }
}
