import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { PerformanceQuery, PerformanceResponse } from './performance.dto.js';
import { PerformanceService } from './performance.service.js';

@ApiTags('analytics')
@Controller('analytics/performance')
export class PerformanceController {
  constructor(private readonly performance: PerformanceService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Show how students did over time',
    description:
      'Activity, scores and time of the rosters the viewer may see, by local day, ISO week, month or quarter. A day ' +
      'belongs to whoever was responsible at its end and does not move when a student does; sessions that came in later ' +
      'count on their own day. Means are weighted by what they are of, so that sums are the same however they are ' +
      'grouped. With `asOf` in the past the period ends there; departments are today’s. Segments mean 10,000 students ' +
      'and 1,000,000 days of students at most.',
    permission: 'analytics:read',
    answer: PerformanceResponse,
    errors: [404],
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: PerformanceQuery): Promise<JsonBytes> {
    return this.performance.show(viewer, query);
  }
}
