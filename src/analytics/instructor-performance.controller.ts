import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { positionOf, toPage } from '../http/paging.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { scopeKey } from '../students/student-reads.js';
import { demandPeople } from './analytics-scope.js';
import {
  type InstructorFigures,
  InstructorPerformancePage,
  InstructorPerformanceQuery,
} from './instructor-performance.dto.js';
import { InstructorPerformanceRepository } from './instructor-performance.repository.js';
import { ViewsService } from './views.service.js';

@ApiTags('analytics')
@Controller('analytics/instructors')
export class InstructorPerformanceController {
  constructor(
    private readonly performance: InstructorPerformanceRepository,
    private readonly views: ViewsService,
  ) {}

  /** Not from the cache: these are kept answers already, and whether they are stale moves with the clock. */
  @Get()
  @Operation({
    summary: 'List instructors with how their rosters do',
    description:
      'An instructor sees the own row, a supervisor the rosters within the own department and below, an administrator ' +
      'all; whoever stands in for somebody sees that row, too. What is past stays with whom it happened. For whoever ' +
      'may see students. The figures are of `asOf`, and made anew every quarter of an hour.',
    permission: 'analytics:read',
    answer: InstructorPerformancePage,
  })
  async list(
    @CurrentViewer() viewer: Viewer,
    @Query() query: InstructorPerformanceQuery,
  ): Promise<InstructorPerformancePage> {
    demandPeople(viewer);
    const { sort, order = sort === 'name' ? 'asc' : 'desc' } = query;
    const departmentId = query.departmentId?.toLowerCase();
    const scope = ['analytics.instructors', scopeKey(viewer), departmentId ?? null, sort, order];
    const listing = { scope, keys: this.performance.cursorKinds(sort) };
    const position = positionOf(query, listing);
    const age = await this.views.age('instructor_performance');
    const [rows, total] = await Promise.all([
      this.performance.list(viewer, departmentId, { sort, order }, position),
      position.page === undefined ? undefined : this.performance.count(viewer, departmentId),
    ]);
    const { data, pagination } = toPage(rows, position, {
      listing,
      keysOf: ({ sortKey, instructorId }) => [sortKey, instructorId],
      total,
    });
    return { ...age, data: data.map(({ sortKey: _, ...figures }): InstructorFigures => figures), pagination };
  }
}
