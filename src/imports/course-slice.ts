import type { Assessment, Enrolment, HandedIn, OuladExtract, Presentation, StudentDayActivity } from './oulad-files.js';

/** One presentation, all of it. */
export interface Course {
  readonly presentation: Presentation;
  readonly enrolments: readonly Enrolment[];
  readonly assessments: readonly Assessment[];
  readonly submissions: readonly HandedIn[];
  readonly activity: readonly StudentDayActivity[];
}

/** Reads every file once, however many presentations there are. */
export async function readCourses(extract: OuladExtract): Promise<Course[]> {
  const presentations = await extract.presentations();
  const courses = new Map(
    presentations.map((presentation) => [
      presentation.pres,
      {
        presentation,
        enrolments: [] as Enrolment[],
        assessments: [] as Assessment[],
        submissions: [] as HandedIn[],
        activity: [] as StudentDayActivity[],
      },
    ]),
  );
  const courseOf = new Map<string, HandedIn[]>();
  for (const one of await extract.enrolments()) courses.get(one.pres)?.enrolments.push(one);
  for (const one of await extract.assessments()) {
    const course = courses.get(one.pres);
    course?.assessments.push(one);
    if (course) courseOf.set(one.id, course.submissions);
  }
  for await (const one of extract.submissions()) courseOf.get(one.assessmentId)?.push(one);
  for await (const one of extract.activity()) courses.get(one.pres)?.activity.push(one);
  return [...courses.values()];
}

/**
 * What is new of a course on a day, as an extract to import: activity since the slice before, of who has registered
 * since also what was earlier, and all that had been handed in.
 */
export class CourseSlice implements OuladExtract {
  /** @param after the day of the slice before, -Infinity for the first */
  constructor(
    private readonly course: Course,
    private readonly after: number,
    private readonly day: number,
  ) {}

  async presentations(): Promise<Presentation[]> {
    return [this.course.presentation];
  }

  async enrolments(): Promise<Enrolment[]> {
    return [...this.course.enrolments];
  }

  async assessments(): Promise<Assessment[]> {
    return [...this.course.assessments];
  }

  submissions(): HandedIn[] {
    return this.course.submissions.filter((one) => one.day <= this.day);
  }

  activity(): StudentDayActivity[] {
    const fresh = new Set(
      this.course.enrolments
        .filter(({ registeredDay }) => (registeredDay ?? 0) > this.after)
        .map(({ studentId }) => studentId),
    );
    return this.course.activity.filter(
      ({ studentId, day }) => day <= this.day && (day > this.after || fresh.has(studentId)),
    );
  }
}
