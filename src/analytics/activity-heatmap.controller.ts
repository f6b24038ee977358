import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ActivityHeatmapResponse } from './activity-heatmap.dto.js';
import { ActivityHeatmapService } from './activity-heatmap.service.js';
import { AnalyticsQuery } from './analytics-scope.js';

@ApiTags('analytics')
@Controller('analytics/activity-heatmap')
export class ActivityHeatmapController {
  constructor(private readonly heatmaps: ActivityHeatmapService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Show when in the week students practise',
    description:
      'Sessions by the local hour and weekday they began in; one from before midnight counts in the first hour of the ' +
      'day it ended on. An hour that clocks skip is empty, and both of one that they repeat are in one cell. Services need ' +
      '`students:read` as well.',
    permission: 'analytics:read',
    answer: ActivityHeatmapResponse,
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: AnalyticsQuery): Promise<JsonBytes> {
    return this.heatmaps.show(viewer, query);
  }
}
