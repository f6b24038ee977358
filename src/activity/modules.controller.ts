import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeModuleRequest, CreateModuleRequest, ModuleResponse, ModulesQuery } from './modules.dto.js';
import { ModulesRepository } from './modules.repository.js';
import { ModulesService } from './modules.service.js';

@ApiTags('modules')
@Controller('modules')
export class ModulesController {
  constructor(
    private readonly repository: ModulesRepository,
    private readonly service: ModulesService,
  ) {}

  @Get()
  @Operation({
    summary: 'List modules, by code',
    permission: 'modules:read',
    answer: ModuleResponse,
    shape: 'page',
  })
  async list(@CurrentViewer() viewer: Viewer, @Query() query: ModulesQuery): Promise<Page<ModuleResponse>> {
    const { kind, categoryId, isActive, search } = query;
    const filter = { kind, categoryId, isActive, search };
    const listing = { scope: ['modules', filter], keys: ['text'] } as const;
    const position = positionOf(query, listing);
    const { data, total } = await this.repository.list(viewer.tenantId, filter, position);
    return toPage(data, position, { listing, keysOf: (row) => [row.code], total });
  }

  @Post()
  @Operation({
    summary: 'Create a module',
    description: 'With an `id` of the client’s own it may be sent again; then what is there is answered.',
    permission: 'modules:write',
    status: 201,
    answer: ModuleResponse,
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateModuleRequest): Promise<ModuleResponse> {
    return this.service.create(viewer, body);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change or retire a module',
    description:
      'Only the fields that are given. Sessions that came in keep the kind and category they came in with; a retired ' +
      'module still takes sessions that are late.',
    permission: 'modules:write',
    answer: ModuleResponse,
    errors: [404, 409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IfMatch() version: number | undefined,
    @Body() body: ChangeModuleRequest,
  ): Promise<ModuleResponse> {
    return this.service.change(viewer, id, body, version);
  }

  @Delete(':id')
  @Operation({
    summary: 'Delete a module that nothing refers to',
    description: 'One with sessions or assignments is retired instead: see the change of a module.',
    permission: 'modules:write',
    status: 204,
    errors: [404, 409],
  })
  delete(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.service.delete(viewer, id);
  }
}
