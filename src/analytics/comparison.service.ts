import { Injectable } from '@nestjs/common';
import type { Interval } from '../assignments/intervals.js';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { analyticsSeconds, type AnalyticsScope, demandPeople, refuse, scopeAsked } from './analytics-scope.js';
import type {
  ComparedFigure,
  ComparedFigures,
  ComparedSide,
  ComparisonQuery,
  ComparisonResponse,
} from './comparison.dto.js';
import {
  comparedFigures,
  type ComparedName,
  ComparisonRepository,
  type Moments,
  type PairedMoments,
} from './comparison.repository.js';
import {
  differenceOfSamples,
  differenceOfShares,
  meanOfDifferences,
  type Sample,
  type Share,
} from './effect-intervals.js';
import { alwaysFresh } from './freshness.repository.js';

/** With fewer students on a side nothing can be said. */
const fewestCompared = 10;
/** What can be added up in time. */
const mostStudentDays = 1_000_000;

const otherNames = { from: 'otherFrom', to: 'otherTo' };

type Answer = Pick<ComparisonResponse, 'one' | 'other' | 'figures'>;

@Injectable()
export class ComparisonService {
  constructor(
    private readonly comparisons: ComparisonRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 400, 403 for who may not see students */
  async show(viewer: Viewer, query: ComparisonQuery): Promise<JsonBytes> {
    demandPeople(viewer);
    const moment = await this.tenants.moment(viewer.tenantId);
    const one = scopeAsked(viewer, query, moment);
    const compared = kindOf(query);
    const other =
      compared === 'periods'
        ? scopeAsked(viewer, { ...query, from: query.otherFrom, to: query.otherTo }, moment, otherNames)
        : { ...one, departmentId: query.otherDepartmentId!.toLowerCase() };
    const key = `analytics.compare ${scopeKey(viewer)} ${JSON.stringify([compared, one, other])}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: analyticsSeconds, day: moment.today };
    return this.cache.bytes(key, options, async (): Promise<ComparisonResponse> => {
      await this.refuseTooMuch(viewer, one, other);
      const answer = await (compared === 'periods' ? this.periods(viewer, one, other) : this.sides(viewer, one, other));
      const { from, to } = one;
      const asOf = moment.now.toISOString();
      return { from, to, asOf, today: moment.today, freshness: alwaysFresh, compared, ...answer };
    });
  }

  private async refuseTooMuch(viewer: Viewer, one: AnalyticsScope, other: AnalyticsScope): Promise<void> {
    const counts = await Promise.all([one, other].map((side) => this.comparisons.countStudentDays(viewer, side)));
    const days = counts[0]! + counts[1]!;
    if (days <= mostStudentDays) return;
    const detail = `these are ${days} active days of students, and ${mostStudentDays} are the most: shorten the periods`;
    refuse('from', detail);
  }

  /** Students of two places: each is on one side. */
  private async sides(viewer: Viewer, one: AnalyticsScope, other: AnalyticsScope): Promise<Answer> {
    const [ours, theirs] = await Promise.all([one, other].map((side) => this.comparisons.summarise(viewer, side)));
    return {
      one: sideOf(one, ours!.students),
      other: sideOf(other, theirs!.students),
      figures: figuresOf((name) => ofDifferentStudents(name, ours![name], theirs![name])),
    };
  }

  /** The same students at two times. */
  private async periods(viewer: Viewer, one: AnalyticsScope, other: AnalyticsScope): Promise<Answer> {
    const pair = await this.comparisons.pair(viewer, one, other);
    return {
      one: sideOf(one, pair.students),
      other: sideOf(other, pair.otherStudents),
      figures: figuresOf((name) => ofSameStudents(pair[name])),
    };
  }
}

/** @throws Problem 400 unless it is exactly one of the two */
function kindOf({ departmentId, otherDepartmentId, otherFrom, otherTo }: ComparisonQuery): 'periods' | 'departments' {
  const periods = otherFrom !== undefined || otherTo !== undefined;
  if (otherDepartmentId === undefined) {
    if (otherFrom === undefined)
      refuse('otherFrom', 'give otherFrom and otherTo, or departmentId and otherDepartmentId');
    if (otherTo === undefined) refuse('otherTo', 'must be given with otherFrom');
    return 'periods';
  }
  if (periods) refuse('otherDepartmentId', 'cannot be combined with another period');
  if (departmentId === undefined) refuse('departmentId', 'must be given with otherDepartmentId');
  if (departmentId.toLowerCase() === otherDepartmentId.toLowerCase()) {
    refuse('otherDepartmentId', 'must be another than departmentId');
  }
  return 'departments';
}

const sideOf = ({ from, to, departmentId }: AnalyticsScope, students: number): ComparedSide => ({
  from,
  to,
  departmentId: departmentId ?? null,
  students,
});

const figuresOf = (of: (name: ComparedName) => ComparedFigure | null): ComparedFigures =>
  Object.fromEntries(comparedFigures.map((name) => [name, of(name)])) as unknown as ComparedFigures;

function ofDifferentStudents(name: ComparedName, one: Moments, other: Moments): ComparedFigure | null {
  if (Math.min(one.n, other.n) < fewestCompared) return null;
  const [ours, theirs] = [one as Sample, other as Sample];
  const { low, high } = name === 'activeShare' ? sharesApart(ours, theirs) : differenceOfSamples(ours, theirs);
  return shown({ one: ours.mean, other: theirs.mean, low, high, students: one.n, otherStudents: other.n });
}

/** Of values that are 0 or 100. */
function sharesApart(one: Sample, other: Sample): Interval {
  const shareOf = ({ mean, n }: Sample): Share => ({ share: mean / 100, size: n });
  const { low, high } = differenceOfShares(shareOf(one), shareOf(other));
  return { low: low * 100, high: high * 100 };
}

function ofSameStudents({ n, one, other, mean, variance }: PairedMoments): ComparedFigure | null {
  if (n < fewestCompared) return null;
  const { low, high } = meanOfDifferences({ n, mean: mean!, variance: variance! });
  return shown({ one: one!, other: other!, low, high, students: n, otherStudents: n });
}

function shown({ one, other, low, high, ...students }: Omit<ComparedFigure, 'difference'>): ComparedFigure {
  return {
    one: rounded(one),
    other: rounded(other),
    difference: rounded(one - other),
    low: rounded(low),
    high: rounded(high),
    ...students,
  };
}

/** Two decimals; not -0. */
const rounded = (value: number): number => Math.round(value * 100) / 100 + 0;
