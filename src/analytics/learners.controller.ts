import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { positionOf, toPage } from '../http/paging.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { StudentListRepository } from '../students/student-list.repository.js';
import { scopeKey, StudentReads } from '../students/student-reads.js';
import { demandPeople } from './analytics-scope.js';
import { LearnerPage, type LearnerRow, LearnersQuery } from './learners.dto.js';
import { LearnersRepository } from './learners.repository.js';
import { ViewsService } from './views.service.js';

@ApiTags('analytics')
@Controller('analytics/learners')
export class LearnersController {
  constructor(
    private readonly learners: LearnersRepository,
    private readonly lists: StudentListRepository,
    private readonly reads: StudentReads,
    private readonly views: ViewsService,
    private readonly tenants: TenantsService,
  ) {}

  /** Not from the cache: these are kept answers already, and whether they are stale moves with the clock. */
  @Get()
  @Operation({
    summary: 'List what students have worked on',
    description:
      'The students of the filter, by name, as `GET /students` lists them, each with a summary that is of `asOf` and ' +
      'made anew every quarter of an hour. For whoever may see students.',
    permission: 'analytics:read',
    answer: LearnerPage,
    errors: [404],
  })
  async list(@CurrentViewer() viewer: Viewer, @Query() query: LearnersQuery): Promise<LearnerPage> {
    demandPeople(viewer);
    const moment = await this.tenants.moment(viewer.tenantId);
    const filter = await this.reads.filterMeant(viewer, query);
    const listing = { scope: ['analytics.learners', scopeKey(viewer), filter], keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const age = await this.views.age('user_learning_summary');
    const [rows, count] = await Promise.all([
      this.learners.list(viewer, filter, moment, position),
      position.page === undefined ? undefined : this.lists.count(viewer, filter, moment),
    ]);
    const { data, pagination } = toPage(rows, position, {
      listing,
      keysOf: ({ nameSort, id }) => [nameSort, id],
      total: count?.total,
      totalIsEstimate: count?.isEstimate,
    });
    return { ...age, data: data.map(({ nameSort: _, ...row }): LearnerRow => row), pagination };
  }
}
