import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AnalyticsQuery } from './analytics-scope.js';
import { DepartmentFiguresResponse } from './department-figures.dto.js';
import { DepartmentFiguresService } from './department-figures.service.js';

@ApiTags('analytics')
@Controller('analytics/departments')
export class DepartmentFiguresController {
  constructor(private readonly departments: DepartmentFiguresService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Show departments, each with all below it',
    description:
      'What the viewer may see of each department, by itself and with all below it. Sessions stay with the department ' +
      'that a student was in at the end of their day. With `asOf` in the past students are those of that day who are ' +
      'not deactivated by now, and what is known of the present alone is null; the tree is today’s. Instructors are ' +
      'shown the departments of their students. Services without `students:read` are told nothing but sums over days ' +
      'of departments with enough students.',
    permission: 'analytics:read',
    answer: DepartmentFiguresResponse,
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: AnalyticsQuery): Promise<JsonBytes> {
    return this.departments.show(viewer, query);
  }
}
