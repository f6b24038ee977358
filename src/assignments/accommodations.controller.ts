import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  AccommodationResponse,
  AccommodationsQuery,
  ChangeAccommodation,
  CreateAccommodation,
} from './accommodations.dto.js';
import { AccommodationsService } from './accommodations.service.js';

@ApiTags('assignments')
@Controller('accommodations')
export class AccommodationsController {
  constructor(private readonly accommodations: AccommodationsService) {}

  @Get()
  @Operation({
    summary: 'List standing accommodations',
    description: 'Of students whom the viewer has, the latest beginning first. Reading them is audited.',
    permission: 'accommodations:read',
    answer: AccommodationResponse,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: AccommodationsQuery): Promise<Page<AccommodationResponse>> {
    return this.accommodations.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Give a student more time for all work',
    description:
      'For whatever is handed out to the student from `validFrom` on: the time until the due date is multiplied by ' +
      '`timeFactor`, and `extraDays` local days are added. The effective due date is the latest of that, the ' +
      "assignment's own and an extension. Two of one student may not overlap in time.",
    permission: 'accommodations:write',
    status: 201,
    answer: AccommodationResponse,
    errors: [404, 409],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateAccommodation): Promise<AccommodationResponse> {
    return this.accommodations.create(viewer, body);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a standing accommodation',
    description: 'The due dates of what has been handed out follow. One that was ended stays as it is.',
    permission: 'accommodations:write',
    answer: AccommodationResponse,
    errors: [404, 409, 412],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeAccommodation,
    @IfMatch() version: number | undefined,
  ): Promise<AccommodationResponse> {
    return this.accommodations.change(viewer, id, body, version);
  }

  @Delete(':id')
  @Operation({
    summary: 'End a standing accommodation now',
    description: 'It holds on for work that was handed out before, and is listed further on.',
    permission: 'accommodations:write',
    status: 204,
    errors: [404],
  })
  end(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.accommodations.end(viewer, id);
  }
}
