import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ComparisonQuery, ComparisonResponse } from './comparison.dto.js';
import { ComparisonService } from './comparison.service.js';

@ApiTags('analytics')
@Controller('analytics/compare')
export class ComparisonController {
  constructor(private readonly comparisons: ComparisonService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Compare two periods, or two departments',
    description:
      'Give `otherFrom` and `otherTo`, or `departmentId` and `otherDepartmentId`. Each student counts once, with what ' +
      'they did in the period while they were there: of departments all students of either (interval: Welch, of shares Newcombe), of periods ' +
      'those who have a value in both (interval: paired). Students who have been deactivated since are left out. Of ' +
      'departments one below the other, students of both are on both sides, and the interval is rather too wide. ' +
      'At most 1,000,000 active days of students are compared.',
    permission: 'analytics:read',
    answer: ComparisonResponse,
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: ComparisonQuery): Promise<JsonBytes> {
    return this.comparisons.show(viewer, query);
  }
}
