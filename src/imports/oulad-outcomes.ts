import { findFile, readRows } from './csv-rows.js';
import type { Course } from './course-slice.js';
import type { Enrolment } from './oulad-files.js';

/** Groups that scores must not treat differently. */
const audited = ['gender', 'age_band', 'disability'];

/**
 * How enrolments ended, and what groups people are of, as far as folders tell. Only what judges scores reads this;
 * nothing that makes them does.
 */
export class OuladOutcomes {
  private readonly results = new Map<string, { readonly isAtRisk: boolean; readonly hasWithdrawn: boolean }>();
  private readonly groups = new Map<string, Readonly<Record<string, string>>>();

  static async read(folders: readonly string[]): Promise<OuladOutcomes> {
    const outcomes = new OuladOutcomes();
    for (const folder of folders) await outcomes.add(folder);
    return outcomes;
  }

  /** Undefined: not known, or of no use, because somebody left on a day that was lost. */
  of(courses: readonly Course[]): (one: Pick<Enrolment, 'pres' | 'studentId'>) => boolean | undefined {
    const enrolments = courses.flatMap((course) => course.enrolments);
    const left = new Set(
      enrolments.filter(({ unregisteredDay }) => unregisteredDay !== null).map((one) => keyOf(one.pres, one.studentId)),
    );
    return ({ pres, studentId }) => {
      const key = keyOf(pres, studentId);
      const result = this.results.get(key);
      return result?.hasWithdrawn && !left.has(key) ? undefined : result?.isAtRisk;
    };
  }

  /** By attribute, as in `gender`. */
  groupsOf({ pres, studentId }: Pick<Enrolment, 'pres' | 'studentId'>): Readonly<Record<string, string>> | undefined {
    return this.groups.get(keyOf(pres, studentId));
  }

  private async add(folder: string): Promise<void> {
    if (await findFile(folder, 'outcomes')) {
      for await (const { cell, number } of readRows(folder, 'outcomes')) {
        const result = { isAtRisk: number('at_risk') === 1, hasWithdrawn: cell('final_result') === 'Withdrawn' };
        this.results.set(keyOf(cell('pres'), cell('id_student')), result);
      }
    }
    if (await findFile(folder, 'demographics_audit_only')) {
      for await (const { cell, text } of readRows(folder, 'demographics_audit_only')) {
        const groups = Object.fromEntries(audited.map((attribute) => [attribute, text(attribute) || 'unknown']));
        this.groups.set(keyOf(cell('pres'), cell('id_student')), groups);
      }
    }
  }
}

function keyOf(pres: string, studentId: string): string {
  return `${pres}/${studentId}`;
}
