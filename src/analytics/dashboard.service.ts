import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import { InterventionListRepository } from '../interventions/intervention-list.repository.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { Filter, StudentSort } from '../students/student-filter.js';
import { StudentListRepository } from '../students/student-list.repository.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { StudentRow } from '../students/students.dto.js';
import { DashboardLinks, DashboardResponse, StatisticsResponse, TrendResponse } from './dashboard.dto.js';
import { DashboardRepository } from './dashboard.repository.js';

const lifetimeSeconds = 300;
const overdueCases = { overdue: true };
const listed = { limit: 10, offset: 0, page: undefined, after: null };

@Injectable()
export class DashboardService {
  constructor(
    private readonly dashboards: DashboardRepository,
    private readonly lists: StudentListRepository,
    private readonly interventions: InterventionListRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  dashboard(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'dashboard', async (moment): Promise<DashboardResponse> => {
      const work = this.dashboards.work(viewer, moment.now);
      const [statistics, trend, atRisk, inactive, { dueSoon, overdue }, cases] = await Promise.all([
        this.statisticsNow(viewer, moment, work),
        this.dashboards.trend(viewer, moment.today),
        this.students(viewer, { status: 'atRisk' }, 'risk', 'desc', moment),
        this.students(viewer, { status: 'inactive' }, 'lastActive', 'asc', moment),
        work,
        this.interventions.list(viewer, overdueCases, { sort: 'due', order: 'asc', today: moment.today }, listed),
      ]);
      const overdueInterventions = cases.slice(0, listed.limit);
      return { ...statistics, trend, atRisk, inactive, dueSoon, overdue, overdueInterventions };
    });
  }

  statistics(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'statistics', (moment) => this.statisticsNow(viewer, moment));
  }

  trend(viewer: Viewer): Promise<JsonBytes> {
    return this.cached(viewer, 'trend', async ({ today, now }): Promise<TrendResponse> => {
      return { today, asOf: now.toISOString(), trend: await this.dashboards.trend(viewer, today) };
    });
  }

  private async statisticsNow(
    viewer: Viewer,
    { today, now }: Moment,
    work = this.dashboards.work(viewer, now),
  ): Promise<StatisticsResponse> {
    const [students, { counts }, overdueInterventions] = await Promise.all([
      this.dashboards.statistics(viewer, today),
      work,
      this.interventions.count(viewer, overdueCases, today),
    ]);
    const statistics = { ...students, ...counts, overdueInterventions };
    return { today, asOf: now.toISOString(), statistics, links: linksOn(today) };
  }

  private async students(
    viewer: Viewer,
    filter: Filter,
    sort: StudentSort,
    order: 'asc' | 'desc',
    moment: Moment,
  ): Promise<StudentRow[]> {
    const rows = await this.lists.list(viewer, filter, { sort, order, moment }, listed);
    return rows.slice(0, listed.limit).map(({ nameSort: _, scoreBucket: __, ...row }) => row);
  }

  private async cached(viewer: Viewer, name: string, produce: (moment: Moment) => Promise<object>): Promise<JsonBytes> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const options = { tags: scopeTags(viewer), lifetimeSeconds, day: moment.today };
    return this.cache.bytes(`analytics.${name} ${scopeKey(viewer)}`, options, () => produce(moment));
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
    dueSoon: `${list}?assignmentState=dueSoon`,
    overdue: `${list}?assignmentState=overdue`,
    awaitingGrade: `${list}?assignmentState=awaitingGrade`,
    overdueInterventions: '/api/v1/interventions?overdue=true',
  };
}
