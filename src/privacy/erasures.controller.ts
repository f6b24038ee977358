import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ErasureResponse, ErasuresQuery, RequestErasure } from './erasures.dto.js';
import { Erasures } from './erasures.service.js';

const example: ErasureResponse = {
  id: '0198f000-0000-7000-8000-000000000022',
  personId: '0198f000-0000-7000-8000-000000000004',
  requestedBy: '0198f000-0000-7000-8000-000000000002',
  reason: 'Asked for by letter',
  status: 'waiting',
  heldBy: null,
  createdAt: '2026-11-20T08:30:00.000Z',
  dueAt: '2026-12-04T08:30:00.000Z',
  startedAt: null,
  finishedAt: null,
  cancelledAt: null,
};
const one = { answer: ErasureResponse, example };

@ApiTags('privacy')
@Controller('privacy/erasures')
export class ErasuresController {
  constructor(private readonly erasures: Erasures) {}

  @Post()
  @Operation({
    summary: 'Ask for a person to be forgotten',
    description:
      'Begins once the waiting period of the organisation is over; can be cancelled until then. The row of the person ' +
      'stays without anything personal, so that statistics stay what they were. Refused with 409 `legal_hold`, ' +
      '`students_assigned` for an instructor with a roster, and `admin_last`. What was asked for before is answered once more.',
    permission: 'erasures:write',
    status: 202,
    ...one,
    errors: [404, 409],
  })
  request(@CurrentViewer() viewer: Viewer, @Body() body: RequestErasure): Promise<ErasureResponse> {
    return this.erasures.request(viewer, body);
  }

  @Get()
  @Operation({
    summary: 'List people who are to be forgotten, or have been, newest first',
    permission: 'erasures:read',
    ...one,
    shape: 'page',
    example: { data: [example], pagination: examplePagination(1) },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: ErasuresQuery): Promise<Page<ErasureResponse>> {
    return this.erasures.list(viewer, query);
  }

  @Get(':id')
  @Operation({ summary: 'Show an erasure', permission: 'erasures:read', ...one, errors: [404] })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ErasureResponse> {
    return this.erasures.get(viewer, id);
  }

  @Post(':id/cancel')
  @Operation({
    summary: 'Cancel an erasure that has not begun',
    description: 'Cancelling twice is no error.',
    permission: 'erasures:write',
    ...one,
    errors: [404, 409],
  })
  cancel(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ErasureResponse> {
    return this.erasures.cancel(viewer, id);
  }
}
