import { Injectable } from '@nestjs/common';
import { addDays } from '../org/local-day.js';
import { cohortOf } from '../risk/risk-scoring.service.js';
import { type Cohort, RiskRepository, type StudentInputs } from '../risk/risk.repository.js';
import { type Course, CourseSlice } from './course-slice.js';
import { OuladImport } from './oulad-import.js';
import { ouladId } from './oulad-plan.js';
import { instantOf } from './wall-clock.js';

/** What the product knew of a presentation's students at the end of one of its days. */
export interface CourseDay {
  readonly pres: string;
  readonly day: number;
  readonly cohort: Cohort;
  /** By `id_student`, those who were enrolled. */
  readonly students: ReadonlyMap<string, StudentInputs>;
}

/** Day 0 of every replay; any would do, as long as it is always the same. */
const dayZero = '2025-10-01';
const timeZone = 'Europe/London';

export interface ReplayOptions {
  /** Rising. */
  readonly days: readonly number[];
  /** Sets the clock of the services. */
  readonly moveTo: (moment: Date) => void;
  readonly say: (line: string) => void;
}

/** Lives through courses in an empty database, which never holds anything later than the day that is looked at. */
@Injectable()
export class CourseReplay {
  constructor(
    private readonly oulad: OuladImport,
    private readonly risk: RiskRepository,
  ) {}

  /** Each presentation is a tenant of its own. A day that lies after its end is left out. */
  async *run(courses: readonly Course[], { days, moveTo, say }: ReplayOptions): AsyncGenerator<CourseDay> {
    for (const course of courses) {
      const { pres, lengthDays } = course.presentation;
      const late = days.filter((day) => day > lengthDays);
      if (late.length > 0) say(`${pres} has ${lengthDays} days: no scores of day ${late.join(', ')}`);
      let after = -Infinity;
      for (const day of days.filter((one) => one <= lengthDays)) {
        const began = performance.now();
        const { known, sessions } = await this.live(course, after, day, moveTo);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        say(`${pres}, day ${day}: ${known.students.size} students, ${sessions} sessions more, ${seconds} s`);
        yield known;
        after = day;
      }
    }
  }

  private async live(
    course: Course,
    after: number,
    day: number,
    moveTo: (moment: Date) => void,
  ): Promise<{ known: CourseDay; sessions: number }> {
    const { pres } = course.presentation;
    const today = addDays(dayZero, day);
    moveTo(new Date(instantOf(timeZone, today, '23:59:00')));
    const tenantSlug = pres.toLowerCase().replaceAll('_', '-');
    const [imported] = await this.oulad.bringIn(new CourseSlice(course, after, day), { asOfDay: day, tenantSlug });
    const { tenant, accepted: sessions } = imported!;
    const departmentId = ouladId(tenant.id, 'department', pres);
    const moment = new Date(instantOf(timeZone, addDays(today, 1), '00:00:00'));
    const inputs = await this.risk.listInputs(tenant.id, { day: today, moment, isOver: true }, { departmentId });
    const byId = new Map(inputs.map((one) => [one.studentId, one]));
    const students = course.enrolments.flatMap(({ studentId: pid }) => {
      const known = byId.get(ouladId(tenant.id, 'student', pid));
      return known ? [[pid, known] as const] : [];
    });
    return {
      known: { pres, day, cohort: cohortOf(departmentId, today, inputs), students: new Map(students) },
      sessions,
    };
  }
}
