import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import { positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { analyticsSeconds, demandPeople, scopeAsked } from './analytics-scope.js';
import { FreshnessRepository } from './freshness.repository.js';
import type { QuestionsQuery, QuestionsResponse } from './questions.dto.js';
import { QuestionsRepository, unrated } from './questions.repository.js';

@Injectable()
export class QuestionsService {
  constructor(
    private readonly questions: QuestionsRepository,
    private readonly fresh: FreshnessRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for who may not see students, 404 for a module there is not */
  async list(viewer: Viewer, query: QuestionsQuery): Promise<JsonBytes> {
    demandPeople(viewer);
    const moment = await this.tenants.moment(viewer.tenantId);
    const scope = scopeAsked(viewer, query, moment);
    const moduleId = query.moduleId.toLowerCase();
    const listing = {
      scope: ['analytics.questions', scopeKey(viewer), moduleId, scope],
      keys: ['number', 'text'] as const,
    };
    const position = positionOf(query, listing);
    const key = `analytics.questions ${JSON.stringify([listing.scope, position])}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<QuestionsResponse> => {
      const [freshness, found] = await Promise.all([
        this.fresh.freshness(viewer, scope),
        this.questions.list(viewer, moduleId, scope, position),
      ]);
      if (!found) throw Problem.notFound('module');
      const page = toPage(found.rows, position, {
        listing,
        keysOf: ({ correctRate, questionId }) => [correctRate ?? unrated, questionId],
        total: position.page === undefined ? undefined : found.total,
      });
      const { from, to } = scope;
      const { today, now } = moment;
      return { from, to, asOf: now.toISOString(), today, freshness, moduleId, ...page };
    });
  }
}
