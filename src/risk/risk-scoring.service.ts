import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import type { Moment } from '../org/tenants.service.js';
import { addDays } from '../org/local-day.js';
import {
  addCounts,
  type CohortCounts,
  countInputs,
  evaluate,
  type Evaluation,
  type RiskInputs,
  smallestCohort,
} from './risk-model.js';
import { ActiveModel } from './active-model.js';
import { type AsOf, type Cohort, RiskRepository, type StudentInputs } from './risk.repository.js';

/** Why there is too little to show a score. */
export type Insufficient = 'newStudent' | 'silentCohort' | 'noSignals';

export interface Scored {
  readonly student: StudentInputs;
  readonly cohort: Cohort;
  readonly insufficient: Insufficient | null;
  readonly evaluation: Evaluation;
}

const firstDays = 7;
/** By one statement, which has seconds. */
const countedAtOnce = 2_000;

/** Scores by the model that is in use; writes no scores. */
@Injectable()
export class RiskScoring {
  constructor(
    private readonly repository: RiskRepository,
    private readonly active: ActiveModel,
  ) {}

  /**
   * Active students as they are now, measured against their departments on the last evening that is known, or, where
   * none of the last seven is, as the departments are now, which is then kept as the evening before. Without who leaves
   * a department for another while it is counted.
   */
  async scoreNow(tenantId: string, studentIds: readonly string[], moment: Moment): Promise<Scored[]> {
    const students = await this.repository.listInputs(tenantId, asOfNow(moment), { studentIds });
    const cohorts = await this.cohortsNow(tenantId, departmentsOf(students), moment);
    return students.flatMap((student) => {
      const cohort = cohorts.get(student.departmentId);
      return cohort ? this.score(student, cohort) : [];
    });
  }

  score(student: StudentInputs, cohort: Cohort): Scored {
    const evaluation = evaluate(this.active.model, student, cohort.counts);
    return { student, cohort, insufficient: insufficiency(student, cohort), evaluation };
  }

  /** By department; of one that nobody was in there is none. */
  cohortsNow(tenantId: string, departmentIds: readonly string[], moment: Moment): Promise<Map<string, Cohort>> {
    const yesterday = addDays(moment.today, -1);
    return this.cohorts(tenantId, departmentIds, { since: addDays(yesterday, -6), day: yesterday }, asOfNow(moment));
  }

  /** As departments were at the end of a day, or as somebody has put down before. */
  cohortsAtEndOf(
    tenantId: string,
    departmentIds: readonly string[],
    end: AsOf,
    signal: AbortSignal,
  ): Promise<Map<string, Cohort>> {
    return this.cohorts(tenantId, departmentIds, { since: end.day, day: end.day }, end, signal);
  }

  /** Those that are missing are counted and put down as of the last of these days; whoever is first decides for all. */
  private async cohorts(
    tenantId: string,
    departmentIds: readonly string[],
    days: { readonly since: string; readonly day: string },
    asOf: AsOf,
    signal?: AbortSignal,
  ): Promise<Map<string, Cohort>> {
    const find = async (): Promise<Map<string, Cohort>> => {
      const found = await this.repository.listCohorts(tenantId, departmentIds, days);
      return new Map(found.map((cohort) => [cohort.departmentId, cohort]));
    };
    const known = await find();
    const missing = departmentIds.filter((id) => !known.has(id));
    if (missing.length === 0) return known;
    const counted = await this.count(tenantId, missing, days.day, asOf, signal);
    await this.repository.insertCohorts(tenantId, counted, asOf.moment);
    return find();
  }

  /** Goes over the whole tenant where it is for more than one department. */
  private async count(
    tenantId: string,
    departmentIds: readonly string[],
    day: string,
    asOf: AsOf,
    signal?: AbortSignal,
  ): Promise<Cohort[]> {
    const wanted = new Set(departmentIds);
    const reach = departmentIds.length === 1 ? { departmentId: departmentIds[0]! } : {};
    const cohorts = new Map<string, Cohort>();
    for (let after: string = NIL; ;) {
      signal?.throwIfAborted();
      const page = await this.repository.listInputs(tenantId, asOf, { ...reach, after, limit: countedAtOnce });
      for (const [departmentId, students] of byDepartment(page)) {
        if (!wanted.has(departmentId)) continue;
        const { students: more, counts } = cohortOf(departmentId, day, students);
        const known = cohorts.get(departmentId);
        cohorts.set(departmentId, {
          departmentId,
          day,
          students: more + (known?.students ?? 0),
          counts: known ? addCounts(known.counts, counts) : counts,
        });
      }
      if (page.length < countedAtOnce) return [...cohorts.values()];
      after = page.at(-1)!.studentId;
    }
  }
}

function byDepartment(students: readonly StudentInputs[]): Map<string, StudentInputs[]> {
  const groups = new Map<string, StudentInputs[]>();
  for (const student of students) {
    const group = groups.get(student.departmentId);
    if (group) group.push(student);
    else groups.set(student.departmentId, [student]);
  }
  return groups;
}

export function departmentsOf(students: readonly { readonly departmentId: string }[]): string[] {
  return [...new Set(students.map(({ departmentId }) => departmentId))];
}

function asOfNow({ today, now }: Moment): AsOf {
  return { day: today, moment: now, isOver: false };
}

export function cohortOf(departmentId: string, day: string, students: readonly RiskInputs[]): Cohort {
  return { departmentId, day, students: students.length, counts: countInputs(students) };
}

/**
 * Why there is too little to show a score; null: there is enough. Work that has been due is enough, of anybody: it needs
 * no others to be compared with. What is left needs them, five at least, and a week: before it nobody is late with
 * anything, which is how an organisation begins. Marks tell students apart even while all are silent; silence itself
 * only does where others are not, and there who has never started is scored like anybody else.
 */
export function insufficiency(
  student: RiskInputs,
  { students, counts }: Pick<Cohort, 'students' | 'counts'>,
): Insufficient | null {
  if (student.due > 0) return null;
  if (student.daysInCourse < firstDays) return 'newStudent';
  if (student.meanScore !== null && students >= smallestCohort) return null;
  if (isSilent(counts)) return 'silentCohort';
  return students < smallestCohort ? 'noSignals' : null;
}

function isSilent({ activeDays }: CohortCounts): boolean {
  return activeDays.every(([days]) => days === 0);
}
