import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { type AnalyticsScope, analyticsSeconds, demandPeople, refuse, scopeAsked } from './analytics-scope.js';
import { ComparisonRepository } from './comparison.repository.js';
import { alwaysFresh } from './freshness.repository.js';
import type { LeaderboardMetric, LeaderboardQuery, LeaderboardResponse } from './leaderboard.dto.js';
import { LeaderboardRepository, type StudentClass } from './leaderboard.repository.js';

/** As many as can be added up in time. */
const mostStudentDays = 1_000_000;
const metricsOfPeriods: readonly LeaderboardMetric[] = ['sessionsCompleted', 'timeSpent'];

@Injectable()
export class LeaderboardService {
  constructor(
    private readonly leaderboards: LeaderboardRepository,
    private readonly comparisons: ComparisonRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for who may not see students, 404 for who is no student any more */
  async show(viewer: Viewer, query: LeaderboardQuery): Promise<JsonBytes> {
    demandPeople(viewer);
    const moment = await this.tenants.moment(viewer.tenantId);
    const { metric, limit } = query;
    const period = periodAsked(viewer, query, moment);
    const own = viewer.role === 'student' ? await this.classOf(viewer) : null;
    const tags = own ? [...scopeTags(viewer), `roster:${own.instructorId}`] : scopeTags(viewer);
    const key = `analytics.leaderboard ${scopeKey(viewer)} ${JSON.stringify([own, metric, period, limit])}`;
    const options = { tags, lifetimeSeconds: analyticsSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<LeaderboardResponse> => {
      if (period && !own) await this.demandFew(viewer, period);
      const ranked = await this.leaderboards.list(viewer, own, { metric, period, today: moment.today, limit });
      return {
        from: period?.from ?? null,
        to: period?.to ?? null,
        asOf: moment.now.toISOString(),
        today: moment.today,
        freshness: alwaysFresh,
        metric,
        students: ranked[0]?.students ?? 0,
        rows: ranked.map(({ students: _, ...row }) => row),
      };
    });
  }

  /** @throws Problem 400 */
  private async demandFew(viewer: Viewer, scope: AnalyticsScope): Promise<void> {
    const days = await this.comparisons.countStudentDays(viewer, scope);
    if (days <= mostStudentDays) return;
    refuse('from', `means ${days} active days of students, and ${mostStudentDays} are the most: shorten the period`);
  }

  private async classOf(viewer: Viewer): Promise<StudentClass> {
    const own = await this.leaderboards.findClass(viewer);
    if (!own) throw Problem.notFound('student');
    return own;
  }
}

function periodAsked(viewer: Viewer, { metric, from, to }: LeaderboardQuery, moment: Moment): AnalyticsScope | null {
  if (metricsOfPeriods.includes(metric)) return scopeAsked(viewer, { from, to }, moment);
  if (from !== undefined) refuse('from', `is for ${metricsOfPeriods.join(' and ')}: this metric says what is so now`);
  if (to !== undefined) refuse('to', `is for ${metricsOfPeriods.join(' and ')}: this metric says what is so now`);
  return null;
}
