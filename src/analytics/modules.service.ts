import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { daysBetween } from '../org/local-day.js';
import type { Filter } from '../students/student-filter.js';
import { StudentListRepository } from '../students/student-list.repository.js';
import { scopeKey, scopeTags, StudentReads } from '../students/student-reads.js';
import {
  type AnalyticsScope,
  analyticsSeconds,
  demandSegments,
  refuse,
  scopeAsked,
  seesPeople,
  segmentSeconds,
} from './analytics-scope.js';
import { FreshnessRepository } from './freshness.repository.js';
import {
  type CategoryDifficultyFigures, difficulties, type DifficultyFigures, type DifficultyQuery, type DifficultyResponse,
  type ModuleFigures, type ModulesQuery, type ModuleSums, type ModulesResponse,
} from './modules.dto.js'; // prettier-ignore
import { ModuleFiguresRepository, type ModulesAsked } from './modules.repository.js';

/** Of a segment, students × days: 90,000 with a session each were measured to take half a second. */
export const mostStudentDays = 400_000;

/** Who has ever begun a module is told by all days. */
const everSince = '0001-01-01';

type Rest<T> = Omit<T, 'from' | 'to' | 'asOf' | 'today' | 'freshness' | 'smallestGroup'>;

@Injectable()
export class ModuleFiguresService {
  constructor(
    private readonly figures: ModuleFiguresRepository,
    private readonly fresh: FreshnessRepository,
    private readonly reads: StudentReads,
    private readonly lists: StudentListRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for a segment asked about by who may not have it, 404 for one there is not */
  modules(viewer: Viewer, query: ModulesQuery): Promise<JsonBytes> {
    const { sort, order = sort === 'title' ? 'asc' : 'desc' } = query;
    return this.answer<ModulesResponse>(viewer, query, `modules ${sort} ${order}`, async (asked) => {
      const modules = told(viewer, await this.figures.listModules(viewer, asked));
      return { modules: sorted(modules, sort, order) };
    });
  }

  /** @throws Problem as `modules` */
  difficulty(viewer: Viewer, query: DifficultyQuery): Promise<JsonBytes> {
    return this.answer<DifficultyResponse>(viewer, query, 'difficulty', async (asked) => {
      const rows = told(viewer, await this.figures.listDifficulties(viewer, asked));
      const isOfCategory = (row: (typeof rows)[number]): row is CategoryDifficultyFigures => Boolean(row.categoryId);
      return {
        difficulties: difficulties.map((difficulty) => {
          const found = rows.find((row) => row.difficulty === difficulty && !isOfCategory(row));
          return found
            ? { ...found, categoryId: undefined, categoryTitle: undefined }
            : told(viewer, [{ difficulty, ...nothing }])[0]!;
        }),
        categories: rows.filter(isOfCategory),
      };
    });
  }

  private async answer<T>(
    viewer: Viewer,
    query: DifficultyQuery,
    name: string,
    read: (asked: ModulesAsked) => Promise<Rest<T>>,
  ): Promise<JsonBytes> {
    const [{ smallestGroup }, moment] = await Promise.all([
      this.tenants.get(viewer.tenantId),
      this.tenants.moment(viewer.tenantId),
    ]);
    const scope = scopeAsked(viewer, query, moment);
    const filter = await this.filterAsked(viewer, query);
    const categoryId = query.categoryId?.toLowerCase();
    const asked: ModulesAsked = { scope, categoryId, filter, smallestGroup, moment };
    const shown = seesPeople(viewer) ? null : smallestGroup;
    const key = `analytics.${name} ${scopeKey(viewer)} ${JSON.stringify([scope, filter, categoryId, shown])}`;
    const options = {
      tags: scopeTags(viewer),
      lifetimeSeconds: filter ? segmentSeconds : analyticsSeconds,
      day: moment.today,
    };
    return this.cache.bytes(key, options, async () => {
      if (filter) await this.demandFew(viewer, filter, scope, moment);
      const [freshness, rest] = await Promise.all([
        this.fresh.freshness(viewer, filter ? scope : { ...scope, from: everSince }),
        read(asked),
      ]);
      return {
        from: scope.from,
        to: scope.to,
        asOf: moment.now.toISOString(),
        today: moment.today,
        freshness,
        smallestGroup: shown,
        ...rest,
      };
    });
  }

  /** Of a segment; undefined where none is asked about. */
  private async filterAsked(viewer: Viewer, query: DifficultyQuery): Promise<Filter | undefined> {
    const { segmentId, departmentId, instructorId } = query;
    if (segmentId === undefined) return undefined;
    demandSegments(viewer);
    return this.reads.filterMeant(viewer, { segmentId, departmentId, instructorId });
  }

  private async demandFew(viewer: Viewer, filter: Filter, { from, to }: AnalyticsScope, moment: Moment): Promise<void> {
    const { total } = await this.lists.count(viewer, filter, moment);
    const days = daysBetween(from, to) + 1;
    if (total * days > mostStudentDays) {
      const most = mostStudentDays.toLocaleString('en');
      refuse('segmentId', `means ${total} students on ${days} days, and at most ${most} days of students can be read`);
    }
  }
}

const nothing: Omit<DifficultyFigures, 'difficulty'> = {
  modules: 0,
  sessions: 0,
  sessionsCompleted: 0,
  sessionsAbandoned: 0,
  studentsStarted: 0,
  studentsCompleted: 0,
  completionRate: null,
  averageScore: null,
  scoreDeviation: null,
  accuracy: null,
  meanDurationSeconds: null,
  passRate: null,
  repeatRate: null,
  abandonRate: null,
  bounceRate: null,
  stops: { tenths: Array<number>(10).fill(0), unknown: 0, meanSeconds: null },
};

const untold = {
  studentsStarted: null,
  studentsCompleted: null,
  completionRate: null,
  accuracy: null,
  meanDurationSeconds: null,
  stops: null,
} as const;

/**
 * Without what may be of one person's session alone, however many worked on the module, and without what is of all days,
 * for who may not see people.
 */
function told<T extends ModuleSums>(viewer: Viewer, rows: readonly T[]): T[] {
  return seesPeople(viewer) ? [...rows] : rows.map((row) => ({ ...row, ...untold }));
}

/** @param modules by category and title, which is also how equal ones stay */
function sorted(modules: readonly ModuleFigures[], sort: ModulesQuery['sort'], order: 'asc' | 'desc'): ModuleFigures[] {
  if (sort === 'title') return order === 'asc' ? [...modules] : [...modules].reverse();
  const sign = order === 'asc' ? 1 : -1;
  return modules.toSorted((a, b) => {
    const [one, other] = [a[sort], b[sort]];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one - other);
  });
}
