import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation, type OperationOptions } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ThresholdSettings } from './threshold-settings.service.js';
import {
  ReplaceTenantThresholds,
  ReplaceThresholds,
  ThresholdChangeResponse,
  ThresholdsReplaced,
  ThresholdsResponse,
} from './thresholds.dto.js';

const read = { permission: 'thresholds:read', answer: ThresholdsResponse } as const;
const replacing = {
  description:
    '`effect` says for how many students they decide otherwise; their rows follow within seconds. Each change is a ' +
    'version, and is kept.',
  permission: 'thresholds:write',
  answer: ThresholdsReplaced,
} satisfies Partial<OperationOptions>;
const history = {
  description: 'Latest first. For whoever may change them.',
  permission: 'thresholds:write',
  answer: ThresholdChangeResponse,
  shape: 'page',
} satisfies Partial<OperationOptions>;

@ApiTags('thresholds')
@Controller()
export class ThresholdsController {
  constructor(private readonly thresholds: ThresholdSettings) {}

  @Get('settings/thresholds')
  @Operation({ ...read, summary: 'Show the thresholds of the tenant' })
  getTenant(@CurrentViewer() viewer: Viewer): Promise<ThresholdsResponse> {
    return this.thresholds.get(viewer, {});
  }

  @Put('settings/thresholds')
  @Operation({
    ...replacing,
    summary: 'Replace the thresholds of the tenant',
    permission: 'settings:write',
    errors: [412],
  })
  replaceTenant(
    @CurrentViewer() viewer: Viewer,
    @Body() body: ReplaceTenantThresholds,
    @IfMatch() version: number | undefined,
  ): Promise<ThresholdsReplaced> {
    return this.thresholds.replace(viewer, {}, body, version);
  }

  @Get('settings/thresholds/changes')
  @Operation({ ...history, summary: 'List the changes of the thresholds of the tenant', permission: 'settings:write' })
  listTenantChanges(
    @CurrentViewer() viewer: Viewer,
    @Query() query: PageQuery,
  ): Promise<Page<ThresholdChangeResponse>> {
    return this.thresholds.listChanges(viewer, {}, query);
  }

  @Get('departments/:id/thresholds')
  @Operation({
    ...read,
    summary: 'Show the thresholds of a department',
    description: 'What it inherits holds for students without an instructor; others go by those of their instructor.',
    errors: [404],
  })
  getDepartment(@CurrentViewer() viewer: Viewer, @IdParam() departmentId: string): Promise<ThresholdsResponse> {
    return this.thresholds.get(viewer, { departmentId });
  }

  @Put('departments/:id/thresholds')
  @Operation({ ...replacing, summary: 'Replace the thresholds of a department', errors: [404, 412] })
  replaceDepartment(
    @CurrentViewer() viewer: Viewer,
    @IdParam() departmentId: string,
    @Body() body: ReplaceThresholds,
    @IfMatch() version: number | undefined,
  ): Promise<ThresholdsReplaced> {
    return this.thresholds.replace(viewer, { departmentId }, body, version);
  }

  @Get('departments/:id/thresholds/changes')
  @Operation({ ...history, summary: 'List the changes of the thresholds of a department', errors: [404] })
  listDepartmentChanges(
    @CurrentViewer() viewer: Viewer,
    @IdParam() departmentId: string,
    @Query() query: PageQuery,
  ): Promise<Page<ThresholdChangeResponse>> {
    return this.thresholds.listChanges(viewer, { departmentId }, query);
  }

  @Get('instructors/:id/thresholds')
  @Operation({ ...read, summary: 'Show the thresholds of an instructor', errors: [404] })
  getInstructor(@CurrentViewer() viewer: Viewer, @IdParam() instructorId: string): Promise<ThresholdsResponse> {
    return this.thresholds.get(viewer, { instructorId });
  }

  @Put('instructors/:id/thresholds')
  @Operation({ ...replacing, summary: 'Replace the thresholds of an instructor', errors: [404, 412] })
  replaceInstructor(
    @CurrentViewer() viewer: Viewer,
    @IdParam() instructorId: string,
    @Body() body: ReplaceThresholds,
    @IfMatch() version: number | undefined,
  ): Promise<ThresholdsReplaced> {
    return this.thresholds.replace(viewer, { instructorId }, body, version);
  }

  @Get('instructors/:id/thresholds/changes')
  @Operation({ ...history, summary: 'List the changes of the thresholds of an instructor', errors: [404] })
  listInstructorChanges(
    @CurrentViewer() viewer: Viewer,
    @IdParam() instructorId: string,
    @Query() query: PageQuery,
  ): Promise<Page<ThresholdChangeResponse>> {
    return this.thresholds.listChanges(viewer, { instructorId }, query);
  }
}
