import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { daysBetween } from '../org/local-day.js';
import { Filter } from '../students/student-filter.js';
import { scopeKey, scopeTags, StudentReads } from '../students/student-reads.js';
import { StudentsRepository } from '../students/students.repository.js';
import {
  analyticsSeconds,
  type AnalyticsScope,
  demandSegments,
  type Period,
  refuse,
  scopeAsked,
  seesPeople,
  segmentSeconds,
} from './analytics-scope.js';
import { bucketsOf } from './calendar-buckets.js';
import { alwaysFresh, FreshnessRepository } from './freshness.repository.js';
import type { PerformancePoint, PerformanceQuery, PerformanceResponse } from './performance.dto.js';
import { PerformanceRepository } from './performance.repository.js';

/** Of a segment: what can be added up in time. */
const mostStudents = 10_000;
const mostStudentDays = 1_000_000;

@Injectable()
export class PerformanceService {
  constructor(
    private readonly performance: PerformanceRepository,
    private readonly freshness: FreshnessRepository,
    private readonly reads: StudentReads,
    private readonly students: StudentsRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 404 for a segment */
  async show(viewer: Viewer, query: PerformanceQuery): Promise<JsonBytes> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const scope = scopeAsked(viewer, query, moment);
    const { groupBy, segmentId } = query;
    const moduleId = query.moduleId?.toLowerCase();
    const parts = bucketsOf(scope, groupBy);
    if (segmentId !== undefined && moduleId !== undefined) refuse('segmentId', 'cannot be combined with moduleId');
    if (segmentId !== undefined) demandSegments(viewer);
    const segment = segmentId === undefined ? null : await this.reads.filterMeant(viewer, { segmentId });
    const { smallestGroup } = await this.tenants.get(viewer.tenantId);
    const shown = seesPeople(viewer) ? null : smallestGroup;

    const key = `analytics.performance ${scopeKey(viewer)} ${JSON.stringify([scope, groupBy, moduleId, segment, shown])}`;
    const lifetimeSeconds = segment ? segmentSeconds : analyticsSeconds;
    const options = { tags: scopeTags(viewer), lifetimeSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<PerformanceResponse> => {
      const read = (): Promise<PerformancePoint[]> => {
        if (segment) return this.ofSegment(viewer, scope, parts, { segment, moment });
        if (moduleId === undefined) return this.ofRosters(viewer, scope, parts, smallestGroup);
        return this.ofModule(viewer, scope, parts, { moduleId, smallestGroup });
      };
      const [[totals, ...points], freshness] = await Promise.all([
        read(),
        moduleId === undefined ? alwaysFresh : this.freshness.freshness(viewer, scope),
      ]);
      return {
        from: scope.from,
        to: scope.to,
        asOf: moment.now.toISOString(),
        today: moment.today,
        freshness,
        groupBy,
        smallestGroup: shown,
        totals: totals!,
        points,
      };
    });
  }

  private async ofRosters(
    viewer: Viewer,
    scope: AnalyticsScope,
    parts: readonly Period[],
    smallestGroup: number,
  ): Promise<PerformancePoint[]> {
    const read = this.performance.ofRosters(viewer, scope, parts, smallestGroup);
    if (!seesPeople(viewer)) return (await read).map((point) => ({ ...withoutPeople(point), ...untold }));
    // a student is in one row of each day: only of more days they have to be told from each other
    const long = [scope, ...parts].filter(({ from, to }) => from < to);
    const [points, counts] = await Promise.all([
      read,
      long.length === 0 ? [] : this.performance.countActive(viewer, scope, long),
    ]);
    let counted = 0;
    return points.map((point) => (point.from < point.to ? { ...point, activeStudents: counts[counted++]! } : point));
  }

  private async ofModule(
    viewer: Viewer,
    scope: AnalyticsScope,
    parts: readonly Period[],
    module: { readonly moduleId: string; readonly smallestGroup: number },
  ): Promise<PerformancePoint[]> {
    const points = (await this.performance.ofModule(viewer, scope, parts, module)).map(withoutPeople);
    return seesPeople(viewer) ? points : points.map((point) => ({ ...point, ...untoldOfModule }));
  }

  private async ofSegment(
    viewer: Viewer,
    scope: AnalyticsScope,
    parts: readonly Period[],
    { segment, moment }: { readonly segment: Filter; readonly moment: Moment },
  ): Promise<PerformancePoint[]> {
    const ids = await this.students.listIds(viewer, segment, moment, mostStudents + 1);
    if (ids.length > mostStudents) refuse('segmentId', `means more than ${mostStudents} students; narrow it`);
    const days = 1 + daysBetween(scope.from, scope.to);
    if (ids.length * days > mostStudentDays) {
      const most = Math.floor(mostStudentDays / ids.length);
      refuse(
        'from',
        `must not lie more than ${most - 1} days before the last day for the ${ids.length} students meant`,
      );
    }
    return this.performance.ofStudents(viewer, scope, parts, ids);
  }
}

/** For who may not see people: what may be of fewer of them than were active. */
const untold = { accuracy: null, questions: null, correct: null };
const untoldOfModule = { ...untold, timeSpentSeconds: null, meanSessionSeconds: null };

/** Of more than one day nothing tells how many different students there were. */
function withoutPeople(point: PerformancePoint): PerformancePoint {
  return point.from < point.to ? { ...point, activeStudents: null } : point;
}
