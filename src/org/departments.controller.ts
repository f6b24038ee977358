import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  ChangeDepartment,
  CreateDepartment,
  DepartmentChange,
  DepartmentResponse,
  DepartmentsQuery,
} from './departments.dto.js';
import { DepartmentsRepository } from './departments.repository.js';
import { DepartmentsService } from './departments.service.js';
import { ChangeQuery } from './thresholds.dto.js';

@ApiTags('departments')
@Controller('departments')
export class DepartmentsController {
  constructor(
    private readonly repository: DepartmentsRepository,
    private readonly departments: DepartmentsService,
  ) {}

  @Get()
  @Operation({
    summary: 'List the departments of the tree, those above first',
    description:
      'Everybody who teaches sees the own department and those above it; a supervisor also all below, an administrator ' +
      'or a service the whole tree.',
    permission: 'departments:read',
    answer: DepartmentResponse,
    shape: 'list',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() { isActive }: DepartmentsQuery): Promise<DepartmentResponse[]> {
    return this.repository.listVisible(viewer, { isActive });
  }

  @Post()
  @Operation({
    summary: 'Create a department',
    description: 'With an `id` of the client’s own it may be sent again; then what is there is answered.',
    permission: 'departments:write',
    status: 201,
    answer: DepartmentResponse,
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateDepartment): Promise<DepartmentResponse> {
    return this.departments.create(viewer, body);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a department',
    permission: 'departments:read',
    answer: DepartmentResponse,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<DepartmentResponse> {
    return this.departments.get(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change or move a department',
    description:
      'Only the fields that are given; with another `parentId` it moves with all below it. Refused where active students ' +
      'would then have an instructor of no department above theirs: `errors` names up to a hundred of them by id. ' +
      '`effect` says for how many students a threshold decides otherwise; their rows follow within seconds.',
    permission: 'departments:write',
    answer: DepartmentChange,
    errors: [404, 409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() { dryRun }: ChangeQuery,
    @Body() body: ChangeDepartment,
    @IfMatch() version: number | undefined,
  ): Promise<DepartmentChange> {
    return this.departments.change(viewer, id, body, dryRun, version);
  }

  @Post(':id/deactivate')
  @Operation({
    summary: 'Close a department',
    description:
      'Nobody can join it any more; its history stays. Refused while active people or departments are in it.',
    permission: 'departments:write',
    answer: DepartmentResponse,
    errors: [404, 409, 412],
  })
  deactivate(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IfMatch() version: number | undefined,
  ): Promise<DepartmentResponse> {
    return this.departments.close(viewer, id, version);
  }

  @Post(':id/activate')
  @Operation({
    summary: 'Open a closed department again',
    permission: 'departments:write',
    answer: DepartmentResponse,
    errors: [404, 409, 412, 422],
  })
  activate(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IfMatch() version: number | undefined,
  ): Promise<DepartmentResponse> {
    return this.departments.open(viewer, id, version);
  }
}
