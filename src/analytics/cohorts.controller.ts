import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { CohortsQuery, CohortsResponse } from './cohorts.dto.js';
import { CohortsService } from './cohorts.service.js';

@ApiTags('analytics')
@Controller('analytics/cohorts')
export class CohortsController {
  constructor(private readonly cohorts: CohortsService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Show who stays, by week of joining',
    description:
      'The roster, or as of a day in the past that day’s, by the ISO week they joined in, and how many of each cohort ' +
      'were active in every week since, up to the running one. Beside it the retention of the whole roster: who was ' +
      'active last week and is this week. Students who have been deactivated since, and duplicates, are in neither; ' +
      'departments are today’s. Services need `students:read` as well.',
    permission: 'analytics:read',
    answer: CohortsResponse,
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: CohortsQuery): Promise<JsonBytes> {
    return this.cohorts.show(viewer, query);
  }
}
