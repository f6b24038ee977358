import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import type { ActivityHeatmapResponse } from './activity-heatmap.dto.js';
import { ActivityHeatmapRepository } from './activity-heatmap.repository.js';
import { analyticsSeconds, demandPeople, type AnalyticsQuery, scopeAsked } from './analytics-scope.js';
import { FreshnessRepository } from './freshness.repository.js';

@Injectable()
export class ActivityHeatmapService {
  constructor(
    private readonly heatmaps: ActivityHeatmapRepository,
    private readonly freshness: FreshnessRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for who may not see students: beside modules, hours tell of fewer people than each has */
  async show(viewer: Viewer, query: AnalyticsQuery): Promise<JsonBytes> {
    demandPeople(viewer);
    const moment = await this.tenants.moment(viewer.tenantId);
    const scope = scopeAsked(viewer, query, moment);
    const key = `analytics.heatmap ${scopeKey(viewer)} ${JSON.stringify(scope)}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<ActivityHeatmapResponse> => {
      const [cells, sessionsWithoutTime, freshness] = await Promise.all([
        this.heatmaps.listCells(viewer, scope),
        this.heatmaps.countWithoutTime(viewer, scope),
        this.freshness.freshness(viewer, scope),
      ]);
      const { from, to } = scope;
      const asOf = moment.now.toISOString();
      return { from, to, asOf, today: moment.today, freshness, sessionsWithoutTime, cells };
    });
  }
}
