import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { JsonBytes } from '../http/answer.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { Filter, StudentSort } from '../students/student-filter.js';
import { StudentListRepository } from '../students/student-list.repository.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { StudentRow } from '../students/students.dto.js';
import { DashboardLinks, DashboardResponse, StatisticsResponse, TrendResponse } from './dashboard.dto.js';
import { DashboardRepository } from './dashboard.repository.js';

const lifetimeSeconds = 300;
const listed = { limit: 10, offset: 0, page: undefined, after: null };

@Injectable()
export class DashboardService {
  constructor(
    private readonly dashboards: DashboardRepository,
    private readonly lists: StudentListRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  dashboard(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'dashboard', async (today): Promise<DashboardResponse> => {
      const [statistics, trend, atRisk, inactive] = await Promise.all([
        this.statisticsNow(viewer, today),
        this.dashboards.trend(viewer, today),
        this.students(viewer, { status: 'atRisk' }, 'risk', 'desc', today),
        this.students(viewer, { status: 'inactive' }, 'lastActive', 'asc', today),
      ]);
      return { ...statistics, trend, atRisk, inactive };
    });
  }

  statistics(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'statistics', (today) => this.statisticsNow(viewer, today));
  }

  trend(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'trend', async (today): Promise<TrendResponse> => {
      return { today, asOf: this.clock.now().toISOString(), trend: await this.dashboards.trend(viewer, today) };
    });
  }

  private async statisticsNow(viewer: Viewer, today: string): Promise<StatisticsResponse> {
    const statistics = await this.dashboards.statistics(viewer, today);
    return { today, asOf: this.clock.now().toISOString(), statistics, links: linksOn(today) };
  }

  private async students(
    viewer: Viewer,
    filter: Filter,
    sort: StudentSort,
    order: 'asc' | 'desc',
    today: string,
  ): Promise<StudentRow[]> {
    const rows = await this.lists.list(viewer, filter, { sort, order, today }, listed);
    return rows.slice(0, listed.limit).map(({ nameSort: _, scoreBucket: __, ...row }) => row);
  }

  private async cached(viewer: Viewer, name: string, produce: (today: string) => Promise<object>): Promise<JsonBytes> {
    const today = await this.tenants.today(viewer.tenantId);
    const options = { tags: scopeTags(viewer), lifetimeSeconds, day: today };
    return this.cache.bytes(`analytics.${name} ${scopeKey(viewer)}`, options, () => produce(today));
  }
}

/** Where each count comes from: the same predicate gives the list and the count. */
function linksOn(today: string): DashboardLinks {
  const list = '/api/v1/students';
  return {
    totalStudents: list,
    activeToday: `${list}?lastActiveFrom=${today}`,
    activeStudents: `${list}?status=active`,
    inactiveStudents: `${list}?status=inactive`,
    neverStarted: `${list}?status=neverStarted`,
    atRisk: `${list}?status=atRisk&sort=risk`,
    topPerformers: `${list}?status=topPerformer&sort=score`,
    newStudents: `${list}?joinedFrom=${addDays(today, -29)}&sort=joined`,
  };
}
