import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { CreateDelegation, DelegationResponse, DelegationsQuery } from './delegations.dto.js';
import { DelegationsService } from './delegations.service.js';

@ApiTags('delegations')
@Controller('delegations')
export class DelegationsController {
  constructor(private readonly delegations: DelegationsService) {}

  @Get()
  @Operation({
    summary: 'List delegations of rosters',
    description:
      'An instructor sees those of the own roster and those to oneself, a supervisor also those of the department and ' +
      'below, an administrator all. The latest beginning comes first.',
    permission: 'delegations:read',
    answer: DelegationResponse,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: DelegationsQuery): Promise<Page<DelegationResponse>> {
    return this.delegations.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Give a substitute a roster for a time',
    description:
      'The substitute sees and does with it what the instructor can, from `validFrom` until `validTo`, and cannot pass it ' +
      'on. Instructors give their own roster, supervisors those of their department and below, administrators any.',
    permission: 'delegations:write',
    status: 201,
    answer: DelegationResponse,
    errors: [409, 422],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateDelegation): Promise<DelegationResponse> {
    return this.delegations.create(viewer, body);
  }

  @Delete(':id')
  @Operation({
    summary: 'End a delegation now',
    description: 'At once for writes; what the substitute reads ends with their access token.',
    permission: 'delegations:write',
    status: 204,
    errors: [404],
  })
  revoke(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.delegations.revoke(viewer, id);
  }
}
