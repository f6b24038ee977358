import { Injectable } from '@nestjs/common';
import type { Moment } from '../org/tenants.service.js';
import { addDays } from '../org/local-day.js';
import { type CohortCounts, countInputs, evaluate, type Evaluation, type RiskInputs } from './risk-model.js';
import { ActiveModel } from './active-model.js';
import { type Cohort, RiskRepository, type StudentInputs } from './risk.repository.js';

/** Why there is too little to show a score. */
export type Insufficient = 'newStudent' | 'silentCohort' | 'noSignals';

export interface Scored {
  readonly student: StudentInputs;
  readonly cohort: Cohort;
  readonly insufficient: Insufficient | null;
  readonly evaluation: Evaluation;
}

const firstDays = 7;
const smallestCohort = 5;

/** Scores by the model that is in use; writes no scores. */
@Injectable()
export class RiskScoring {
  constructor(
    private readonly repository: RiskRepository,
    private readonly active: ActiveModel,
  ) {}

  /**
   * Active students as they are now, measured against their departments on the last evening that is known, or, where
   * none of the last seven is, as the departments are now, which is then kept as the evening before.
   */
  async scoreNow(tenantId: string, studentIds: readonly string[], { today, now }: Moment): Promise<Scored[]> {
    const asOf = { day: today, moment: now, isOver: false };
    const students = await this.repository.listInputs(tenantId, asOf, { studentIds });
    const cohorts = await this.cohorts(tenantId, [...new Set(students.map((one) => one.departmentId))], { today, now });
    return students.map((student) => this.score(student, cohorts.get(student.departmentId)!));
  }

  score(student: StudentInputs, cohort: Cohort): Scored {
    const evaluation = evaluate(this.active.model, student, cohort.counts);
    return { student, cohort, insufficient: insufficiency(student, cohort), evaluation };
  }

  private async cohorts(
    tenantId: string,
    departmentIds: readonly string[],
    { today, now }: Moment,
  ): Promise<Map<string, Cohort>> {
    const yesterday = addDays(today, -1);
    const find = (): Promise<Cohort[]> => this.repository.listCohorts(tenantId, departmentIds, yesterday);
    const known = new Map((await find()).map((cohort) => [cohort.departmentId, cohort]));
    const missing = departmentIds.filter((id) => !known.has(id));
    if (missing.length === 0) return known;
    const asOf = { day: today, moment: now, isOver: false };
    const made: Cohort[] = [];
    for (const departmentId of missing) {
      const inputs = await this.repository.listInputs(tenantId, asOf, { departmentId });
      if (inputs.length > 0) made.push(cohortOf(departmentId, yesterday, inputs));
    }
    await this.repository.insertCohorts(tenantId, made, now);
    return new Map((await find()).map((cohort) => [cohort.departmentId, cohort]));
  }
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
