import { Body, Controller, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation, type OperationOptions } from '../http/operation.js';
import { PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { OwnThresholds, TenantThresholds } from '../org/thresholds.dto.js';
import { ThresholdPreview } from './threshold-preview.dto.js';
import { ThresholdPreviewService } from './threshold-preview.service.js';

const showing = {
  description:
    'Who would stand otherwise than shown now: how many, and which students, by name. Nothing is saved. Bands are fixed; ' +
    'what changes is who is at risk or a top performer.',
  permission: 'thresholds:write',
  answer: ThresholdPreview,
} satisfies Partial<OperationOptions>;

@ApiTags('thresholds')
@Controller()
export class ThresholdPreviewController {
  constructor(private readonly preview: ThresholdPreviewService) {}

  @Post('settings/thresholds/preview')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({ ...showing, summary: 'Preview thresholds of the tenant', permission: 'settings:write' })
  tenant(
    @CurrentViewer() viewer: Viewer,
    @Query() query: PageQuery,
    @Body() wanted: TenantThresholds,
  ): Promise<ThresholdPreview> {
    return this.preview.show(viewer, {}, wanted, query);
  }

  @Post('departments/:id/thresholds/preview')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({ ...showing, summary: 'Preview thresholds of a department', errors: [404] })
  department(
    @CurrentViewer() viewer: Viewer,
    @IdParam() departmentId: string,
    @Query() query: PageQuery,
    @Body() wanted: OwnThresholds,
  ): Promise<ThresholdPreview> {
    return this.preview.show(viewer, { departmentId }, wanted, query);
  }

  @Post('instructors/:id/thresholds/preview')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({ ...showing, summary: 'Preview thresholds of an instructor', errors: [404] })
  instructor(
    @CurrentViewer() viewer: Viewer,
    @IdParam() instructorId: string,
    @Query() query: PageQuery,
    @Body() wanted: OwnThresholds,
  ): Promise<ThresholdPreview> {
    return this.preview.show(viewer, { instructorId }, wanted, query);
  }
}
