import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import {
  analyticsSeconds,
  type AnalyticsQuery,
  type AnalyticsScope,
  scopeAsked,
  seesPeople,
} from './analytics-scope.js';
import type { DepartmentFigures, DepartmentFiguresResponse, DepartmentInTree } from './department-figures.dto.js';
import { DepartmentFiguresRepository, type OwnAndTotal } from './department-figures.repository.js';
import { alwaysFresh } from './freshness.repository.js';

/** What one department has of some figures. */
type Found = OwnAndTotal<keyof DepartmentFigures>;

/** Of a department with students and without anything else. */
const nothing: DepartmentFigures = {
  students: 0,
  activeStudents: 0,
  sessions: 0,
  sessionsCompleted: 0,
  timeSpentSeconds: 0,
  averageScore: null,
  accuracy: null,
  atRisk: 0,
  topPerformers: 0,
  completionRate: null,
};

@Injectable()
export class DepartmentFiguresService {
  constructor(
    private readonly departments: DepartmentFiguresRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400 */
  async show(viewer: Viewer, query: AnalyticsQuery): Promise<JsonBytes> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const { timeZone, smallestGroup } = await this.tenants.get(viewer.tenantId);
    const scope = scopeAsked(viewer, query, moment);
    const shown = seesPeople(viewer) ? null : smallestGroup;
    const isNow = scope.asOf === moment.today;
    const key = `analytics.departments ${scopeKey(viewer)} ${JSON.stringify([scope, shown])}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<DepartmentFiguresResponse> => {
      const endOf = (day: string): Date => startOfDay(timeZone, addDays(day, 1));
      const found: Found[][] = (await Promise.all([
        this.departments.sumSessions(viewer, scope, smallestGroup),
        ...(shown !== null
          ? []
          : [
              this.departments.countActive(viewer, scope, endOf(scope.from)),
              isNow
                ? this.departments.countStudents(viewer, scope)
                : this.departments.countStudentsAsOf(viewer, scope, endOf(scope.asOf)),
            ]),
      ])) as Found[][];
      const unknown = shown !== null ? people : isNow ? {} : present;
      return {
        from: scope.from,
        to: scope.to,
        asOf: moment.now.toISOString(),
        today: moment.today,
        freshness: alwaysFresh,
        smallestGroup: shown,
        departments: await this.tree(viewer, scope, { found: found.flat(), unknown }),
      };
    });
  }

  private async tree(
    viewer: Viewer,
    scope: AnalyticsScope,
    { found, unknown }: { readonly found: readonly Found[]; readonly unknown: Partial<DepartmentFigures> },
  ): Promise<DepartmentInTree[]> {
    const own = new Map<string, DepartmentFigures>();
    const total = new Map<string, DepartmentFigures>();
    for (const one of found) {
      own.set(one.departmentId, { ...nothing, ...own.get(one.departmentId), ...one.own });
      total.set(one.departmentId, { ...nothing, ...total.get(one.departmentId), ...one.total });
    }
    const occupied = [...own].filter(([, figures]) => isSomething(figures)).map(([id]) => id);
    const departments = await this.departments.listTree(viewer, scope, occupied);
    const shown = new Set(departments.map(({ id }) => id));
    return departments.map(({ id, name, path }) => ({
      departmentId: id,
      parentId: path.findLast((above) => above !== id && shown.has(above)) ?? null,
      name,
      own: { ...nothing, ...own.get(id), ...unknown },
      total: { ...nothing, ...total.get(id), ...unknown },
    }));
  }
}

/** What only who sees people is told. */
const people = {
  students: null,
  activeStudents: null,
  accuracy: null,
  atRisk: null,
  topPerformers: null,
  completionRate: null,
};
/** What is known of the present alone. */
const present = { atRisk: null, topPerformers: null, completionRate: null };

const isSomething = ({ students, activeStudents, sessions, timeSpentSeconds }: DepartmentFigures): boolean =>
  [students, activeStudents, sessions, timeSpentSeconds].some((figure) => figure !== null && figure > 0);
