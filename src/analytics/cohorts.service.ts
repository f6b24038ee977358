import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { analyticsSeconds, demandPeople, scopeAsked } from './analytics-scope.js';
import type { Cohort, CohortsQuery, CohortsResponse, RetentionWeek } from './cohorts.dto.js';
import { type CohortCounts, type CohortsAsked, CohortsRepository } from './cohorts.repository.js';
import { alwaysFresh } from './freshness.repository.js';
import { isoWeekOf, mondayOf } from './iso-week.js';

@Injectable()
export class CohortsService {
  constructor(
    private readonly cohorts: CohortsRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for who may not see students */
  async show(viewer: Viewer, { weeks, ...query }: CohortsQuery): Promise<JsonBytes> {
    demandPeople(viewer);
    const [{ timeZone }, moment] = await Promise.all([
      this.tenants.get(viewer.tenantId),
      this.tenants.moment(viewer.tenantId),
    ]);
    const { today } = moment;
    const { asOf, departmentId, instructorId } = scopeAsked(viewer, query, moment);
    const from = addDays(mondayOf(asOf), -7 * (weeks - 1));
    const key = `analytics.cohorts ${scopeKey(viewer)} ${JSON.stringify([from, asOf, departmentId, instructorId])}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: today };
    return this.cache.bytes(key, options, async (): Promise<CohortsResponse> => {
      const endsAt = asOf === today ? null : startOfDay(timeZone, addDays(asOf, 1));
      const asked: CohortsAsked = { from, weeks, asOf, endsAt, departmentId, instructorId };
      const counts = await this.cohorts.countWeeks(viewer, asked);
      return {
        from,
        to: asOf,
        asOf: moment.now.toISOString(),
        today,
        freshness: alwaysFresh,
        cohorts: Array.from({ length: weeks }, (_, number) => cohortOf(number, asked, today, counts)),
        retention: Array.from({ length: weeks }, (_, number) => retentionOf(number, asked, today, counts)),
      };
    });
  }
}

interface Week {
  readonly week: string;
  readonly isoWeek: string;
  readonly isComplete: boolean;
}

/** A week is over once its Sunday is: as of a Sunday in the past, and never today. */
function weekOf(number: number, { from, asOf }: CohortsAsked, today: string): Week {
  const week = addDays(from, 7 * number);
  const sunday = addDays(week, 6);
  return { week, isoWeek: isoWeekOf(week), isComplete: sunday <= asOf && sunday < today };
}

function cohortOf(cohort: number, asked: CohortsAsked, today: string, counts: readonly CohortCounts[]): Cohort {
  const own = counts.filter((one) => one.cohort === cohort);
  const students = own[0]?.students ?? 0;
  const { week, isoWeek } = weekOf(cohort, asked, today);
  const weeks = Array.from({ length: asked.weeks - cohort }, (_, number) => {
    const activeStudents = own.find((one) => one.week === cohort + number)?.active ?? 0;
    return {
      number,
      ...weekOf(cohort + number, asked, today),
      activeStudents,
      activeRate: rate(activeStudents, students),
    };
  });
  return { week, isoWeek, students, weeks };
}

function retentionOf(
  number: number,
  asked: CohortsAsked,
  today: string,
  counts: readonly CohortCounts[],
): RetentionWeek {
  const sum = (name: 'active' | 'activeBefore' | 'activeInBoth'): number =>
    counts.filter(({ week }) => week === number).reduce((total, one) => total + one[name], 0);
  const activeBefore = sum('activeBefore');
  const activeInBoth = sum('activeInBoth');
  return {
    ...weekOf(number, asked, today),
    activeStudents: sum('active'),
    activeBefore,
    activeInBoth,
    retention: rate(activeInBoth, activeBefore),
  };
}

/** Per cent with two decimals; null of nobody. */
function rate(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part * 10_000) / whole) / 100;
}
