import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { DashboardResponse, StatisticsResponse, TrendResponse } from './dashboard.dto.js';
import { DashboardService } from './dashboard.service.js';

@ApiTags('dashboard')
@Controller('dashboard')
export class DashboardController {
  constructor(private readonly dashboards: DashboardService) {}

  @Get()
  @Operation({
    summary: 'Show the dashboard',
    description:
      'Statistics, the trend of 30 days, who is at risk, who is inactive, and what is due and overdue, for everyone the ' +
      'viewer may see.',
    permission: 'dashboard:read',
    answer: DashboardResponse,
  })
  dashboard(@CurrentViewer() viewer: Viewer): Promise<JsonBytes> {
    return this.dashboards.dashboard(viewer);
  }

  @Get('statistics')
  @Operation({ summary: 'Show the statistics alone', permission: 'dashboard:read', answer: StatisticsResponse })
  statistics(@CurrentViewer() viewer: Viewer): Promise<JsonBytes> {
    return this.dashboards.statistics(viewer);
  }

  @Get('trend')
  @Operation({ summary: 'Show the trend alone', permission: 'dashboard:read', answer: TrendResponse })
  trend(@CurrentViewer() viewer: Viewer): Promise<JsonBytes> {
    return this.dashboards.trend(viewer);
  }
}
