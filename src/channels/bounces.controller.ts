import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { BounceResponse, BounceResults, ReportBounces } from './bounces.dto.js';
import { BouncesService } from './bounces.service.js';

@ApiTags('channels')
@Controller('channels/email/bounces')
export class BouncesController {
  constructor(private readonly bounces: BouncesService) {}

  @Get()
  @Operation({
    summary: 'List people whose address sends mails back, latest first',
    permission: 'channels:read',
    answer: BounceResponse,
    shape: 'page',
    example: {
      data: [
        {
          userId: '0198f000-0000-7000-8000-000000000004',
          name: 'Kathleen Osei',
          email: 'k.osei@example.org',
          kind: 'hard',
          reason: 'RCPT TO, 550, 5.1.1',
          at: '2026-11-20T08:30:00Z',
        },
      ],
      pagination: examplePagination(1),
    },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<BounceResponse>> {
    return this.bounces.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Report mails that have come back',
    description:
      'For whatever hears of it: a webhook of the mail provider, or a script that reads the mailbox of the sender. Up to ' +
      '1,000 at once, of which each has its result. The same again changes nothing.',
    permission: 'bounces:write',
    answer: BounceResults,
  })
  report(@CurrentViewer() viewer: Viewer, @Body() { bounces }: ReportBounces): Promise<BounceResults> {
    return this.bounces.report(viewer, bounces);
  }

  @Delete(':userId')
  @Operation({
    summary: "Have mails go to a person's address again",
    description: 'Also done by giving the person another address.',
    permission: 'channels:write',
    status: 204,
    errors: [404],
  })
  clear(@CurrentViewer() viewer: Viewer, @IdParam('userId') userId: string): Promise<void> {
    return this.bounces.clear(viewer, userId);
  }
}
