import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { TimelineEntry } from './timeline.dto.js';
import { TimelinesService } from './timelines.service.js';

@ApiTags('students')
@Controller('students/:id/timeline')
export class TimelinesController {
  constructor(private readonly timelines: TimelinesService) {}

  @Get()
  @Operation({
    summary: "List a student's timeline",
    description:
      'Changes of the risk band from evening to evening and, for whoever may see interventions, what happened in them; ' +
      'the latest first. Reading it is audited.',
    permission: 'risk:read',
    answer: TimelineEntry,
    shape: 'page',
    errors: [404],
  })
  list(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() query: PageQuery,
  ): Promise<Page<TimelineEntry>> {
    return this.timelines.list(viewer, id, query);
  }
}
