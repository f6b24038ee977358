import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { type TenantSummary, TenantsRepository } from '../org/tenants.repository.js';
import { TenantAdministration } from './tenant-administration.js';
import { ChangeTenant, CreateTenant, TenantResponse } from './tenants.dto.js';

@ApiTags('installation')
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly administration: TenantAdministration,
    private readonly tenants: TenantsRepository,
  ) {}

  @Get()
  @Operation({ summary: 'List tenants', permission: 'tenants:read', answer: TenantResponse, shape: 'page' })
  list(@Query() query: PageQuery): Promise<Page<TenantSummary>> {
    return this.administration.list(query);
  }

  @Post()
  @Operation({
    summary: 'Create a tenant, and invite its first administrator',
    permission: 'tenants:write',
    status: 201,
    answer: TenantResponse,
    errors: [409],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateTenant): Promise<TenantSummary> {
    return this.administration.create(viewer, body);
  }

  @Get(':id')
  @Operation({ summary: 'Show a tenant', permission: 'tenants:read', answer: TenantResponse, errors: [404] })
  async get(@IdParam() id: string): Promise<TenantSummary> {
    const tenant = await this.tenants.findSummary(id);
    if (!tenant) throw Problem.notFound('tenant');
    return tenant;
  }

  @Patch(':id')
  @Operation({
    summary: 'Rename, close or open a tenant',
    permission: 'tenants:write',
    answer: TenantResponse,
    errors: [404],
  })
  change(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: ChangeTenant): Promise<TenantSummary> {
    return this.administration.change(viewer, id, body);
  }
}
