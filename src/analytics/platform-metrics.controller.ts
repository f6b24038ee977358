import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { Problem } from '../http/problem.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { addDays, localDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeOf } from '../students/student-filter.js';
import { mostDays, refuse, scopeAsked, seesPeople } from './analytics-scope.js';
import { PlatformMetricsQuery, PlatformMetricsResponse } from './platform-metrics.dto.js';
import { PlatformMetricsRepository } from './platform-metrics.repository.js';
import { ViewsService } from './views.service.js';

@ApiTags('analytics')
@Controller('analytics/platform')
export class PlatformMetricsController {
  constructor(
    private readonly metrics: PlatformMetricsRepository,
    private readonly views: ViewsService,
    private readonly tenants: TenantsService,
  ) {}

  /** Not from the cache: these are kept answers already, and whether they are stale moves with the clock. */
  @Get()
  @Operation({
    summary: 'Show what happened day by day in the whole tenant',
    description:
      'For administrators and services. A service that may not see students is told of departments with enough active ' +
      'students that day. The figures are of `asOf`, and made anew every quarter of an hour.',
    permission: 'analytics:read',
    answer: PlatformMetricsResponse,
  })
  async show(@CurrentViewer() viewer: Viewer, @Query() query: PlatformMetricsQuery): Promise<PlatformMetricsResponse> {
    const { tenantId } = viewer;
    if (scopeOf(viewer) !== 'tenant') {
      throw new Problem(403, 'permission_denied', { detail: 'This is of the whole tenant.' });
    }
    const [tenant, moment] = [await this.tenants.get(tenantId), await this.tenants.moment(tenantId)];
    const { from, to } = scopeAsked(viewer, query, moment);
    if (from < addDays(moment.today, 1 - mostDays)) refuse('from', `must not lie more than ${mostDays - 1} days ago`);
    const smallestGroup = seesPeople(viewer) ? null : tenant.smallestGroup;
    const age = await this.views.age('daily_platform_metrics');
    // what has happened since is not known, and is not nothing; beside other sums it would be what few people did
    const seen = age.asOf === null ? '' : localDay(tenant.timeZone, new Date(age.asOf));
    const last = seen === '' || smallestGroup === null ? seen : addDays(seen, -1);
    const known = { from, to: to < last ? to : last };
    const days = from <= known.to ? await this.metrics.listDays(tenantId, known, smallestGroup) : [];
    return { ...age, from, to, today: moment.today, smallestGroup, days };
  }
}
