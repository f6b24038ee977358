import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { LegalHoldResponse, LegalHoldsQuery, LiftLegalHold, PlaceLegalHold } from './legal-holds.dto.js';
import { LegalHolds } from './legal-holds.service.js';

@ApiTags('retention')
@Controller('legal-holds')
export class LegalHoldsController {
  constructor(private readonly holds: LegalHolds) {}

  @Get()
  @Operation({
    summary: 'List legal holds, the latest first',
    permission: 'retention:read',
    answer: LegalHoldResponse,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: LegalHoldsQuery): Promise<Page<LegalHoldResponse>> {
    return this.holds.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Keep data beyond its retention',
    description:
      'Of one category or all, of one person or everybody, until it is lifted. What is held is neither deleted for its ' +
      'age nor erased.',
    permission: 'retention:write',
    status: 201,
    answer: LegalHoldResponse,
    errors: [422],
  })
  place(@CurrentViewer() viewer: Viewer, @Body() body: PlaceLegalHold): Promise<LegalHoldResponse> {
    return this.holds.place(viewer, body);
  }

  @Post(':id/lift')
  @HttpCode(200)
  @Operation({
    summary: 'Lift a legal hold',
    description: 'What is past its retention goes with the next run. One that was lifted before stays as it is.',
    permission: 'retention:write',
    answer: LegalHoldResponse,
    errors: [404],
  })
  lift(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: LiftLegalHold,
  ): Promise<LegalHoldResponse> {
    return this.holds.lift(viewer, id, body);
  }
}
