import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NotStored } from '../http/idempotency.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  ChangeService,
  CreateApiKey,
  CreateService,
  NewApiKey,
  RotateApiKey,
  ServiceDetail,
  ServiceResponse,
} from './services.dto.js';
import type { Service } from './services.repository.js';
import { ServicesService } from './services.service.js';

@ApiTags('services')
@Controller('services')
export class ServicesController {
  constructor(private readonly services: ServicesService) {}

  @Get()
  @Operation({
    summary: 'List the services of the tenant',
    permission: 'services:read',
    answer: ServiceResponse,
    shape: 'page',
  })
  list(@CurrentViewer() { tenantId }: Viewer, @Query() query: PageQuery): Promise<Page<Service>> {
    return this.services.list(tenantId, query);
  }

  @Post()
  @Operation({
    summary: 'Create a service',
    description: 'A machine account. It comes in with API keys, which are made for it next.',
    permission: 'services:write',
    status: 201,
    answer: ServiceResponse,
    errors: [409],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateService): Promise<Service> {
    return this.services.create(viewer, body);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a service and its keys',
    permission: 'services:read',
    answer: ServiceDetail,
    errors: [404],
  })
  get(@CurrentViewer() { tenantId }: Viewer, @IdParam() id: string): Promise<ServiceDetail> {
    return this.services.get(tenantId, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a service',
    description: 'Takes effect at once on what it writes, and within a minute on what it reads.',
    permission: 'services:write',
    answer: ServiceResponse,
    errors: [404, 409, 412],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeService,
    @IfMatch() version: number | undefined,
  ): Promise<Service> {
    return this.services.change(viewer, id, body, version);
  }

  @Delete(':id')
  @Operation({
    summary: 'Deactivate a service',
    description: 'Its keys are refused, and what it has done stays on record under its name.',
    permission: 'services:write',
    status: 204,
    errors: [404],
  })
  async deactivate(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    await this.services.change(viewer, id, { isActive: false });
  }

  @Post(':id/keys')
  @NotStored()
  @Operation({
    summary: 'Make an API key for a service',
    description: 'The key is in this answer and nowhere else.',
    permission: 'services:write',
    status: 201,
    answer: NewApiKey,
    errors: [404, 409],
  })
  createKey(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: CreateApiKey): Promise<NewApiKey> {
    return this.services.createKey(viewer, id, body);
  }

  @Post(':id/keys/:keyId/rotate')
  @NotStored()
  @Operation({
    summary: 'Replace an API key by a new one',
    description: 'The new key lives as long as the old one was made for. The old one ends after the overlap.',
    permission: 'services:write',
    status: 201,
    answer: NewApiKey,
    errors: [404, 409],
  })
  rotateKey(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('keyId') keyId: string,
    @Body() { overlapSeconds }: RotateApiKey,
  ): Promise<NewApiKey> {
    return this.services.rotateKey(viewer, id, keyId, overlapSeconds);
  }

  @Delete(':id/keys/:keyId')
  @Operation({ summary: 'Revoke an API key', permission: 'services:write', status: 204, errors: [404] })
  revokeKey(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @IdParam('keyId') keyId: string): Promise<void> {
    return this.services.revokeKey(viewer, id, keyId);
  }
}
