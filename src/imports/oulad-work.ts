import { addDays } from '../org/local-day.js';
import type { Tenant } from '../org/tenants.repository.js';
import type { Assessment, Enrolment, HandedIn, OuladExtract } from './oulad-files.js';
import { daysBefore, ouladId, type OuladPlan } from './oulad-plan.js';
import { instantOf } from './wall-clock.js';
import type { Work } from './work-loader.js';
import { assignmentRow, attemptRow, submissionRow } from './work-rows.js';
import type { AssignmentRow, SubmissionRow } from './work.repository.js';

/** A mark below this is a fail. */
const passMark = 40;

interface Course {
  /** Local day of each presentation's day 0. */
  readonly dayZero: ReadonlyMap<string, string>;
  readonly asOfDay: number;
  readonly now: Date;
}

interface SetAssessment extends Assessment {
  readonly assignment: AssignmentRow;
}

/** What was set, and what had become of it on day N; see docs/oulad-mapping.md. Exams are left out. */
export async function planOuladWork(
  tenant: Tenant,
  files: OuladExtract,
  plan: OuladPlan,
  enrolments: readonly Enrolment[],
  course: Course,
): Promise<Work> {
  const assessments = (await files.assessments()).filter(
    ({ pres, type }) => course.dayZero.has(pres) && type !== 'Exam',
  );
  const set = new Map([...course.dayZero.keys()].map((pres) => [pres, setWork(tenant, pres, assessments, course)]));
  const handedIn = new Map<string, HandedIn>();
  for await (const one of files.submissions()) {
    if (one.day <= course.asOfDay) handedIn.set(`${one.studentId}/${one.assessmentId}`, one);
  }
  const byStudent = new Map<string, Enrolment[]>([...plan.students.keys()].map((pid) => [pid, []]));
  for (const one of enrolments) {
    if (set.has(one.pres) && (one.registeredDay ?? 0) <= course.asOfDay) byStudent.get(one.studentId)?.push(one);
  }
  function* submissions(): Generator<SubmissionRow[]> {
    for (const [pid, own] of byStudent) {
      yield own.flatMap((enrolment) =>
        set
          .get(enrolment.pres)!
          .map((assessment) =>
            submissionOf(tenant, assessment, enrolment, handedIn.get(`${pid}/${assessment.id}`), course),
          ),
      );
    }
  }
  return { assignments: [...set.values()].flat().map(({ assignment }) => assignment), submissions: submissions() };
}

/** Numbered within their type, in the order in which they are due. */
function setWork(
  { id: tenantId, timeZone }: Tenant,
  pres: string,
  assessments: readonly Assessment[],
  { dayZero }: Course,
): SetAssessment[] {
  const start = dayZero.get(pres)!;
  const numbers = new Map<string, number>();
  return assessments
    .filter((assessment) => assessment.pres === pres)
    .sort((a, b) => (a.dueDay ?? Infinity) - (b.dueDay ?? Infinity) || Number(a.id) - Number(b.id))
    .map((assessment): SetAssessment => {
      const { id, type, dueDay, weight } = assessment;
      const number = (numbers.get(type) ?? 0) + 1;
      numbers.set(type, number);
      return {
        ...assessment,
        assignment: assignmentRow({
          id: ouladId(tenantId, 'assignment', id),
          ownerId: null,
          title: `${type} ${number} of ${pres}`,
          category: type,
          tags: [pres],
          targetScore: passMark,
          maxAttempts: 1,
          weight,
          availableFrom: at(timeZone, addDays(start, -daysBefore), '00:00:00'),
          dueAt: dueDay === null ? null : at(timeZone, addDays(start, dueDay), '23:59:59'),
        }),
      };
    });
}

function submissionOf(
  { id: tenantId, timeZone }: Tenant,
  { id, dueDay, assignment }: SetAssessment,
  { pres, studentId: pid, registeredDay, unregisteredDay }: Enrolment,
  handedIn: HandedIn | undefined,
  { dayZero, asOfDay, now }: Course,
): SubmissionRow {
  const beginOf = (day: number): string => at(timeZone, addDays(dayZero.get(pres)!, day), '00:00:00');
  const assignedDay = Math.max(registeredDay ?? 0, -daysBefore);
  const left = unregisteredDay !== null && unregisteredDay <= asOfDay ? unregisteredDay : null;
  const isWithdrawn = left !== null && handedIn === undefined && (dueDay === null || dueDay >= left);
  const attempts = [handedIn ?? []].flat().map(({ day, score, isBanked }) => {
    // of today's it is only known that they were before now
    const noon = instantOf(timeZone, addDays(dayZero.get(pres)!, day), '12:00:00');
    const submittedAt = new Date(Math.min(noon, now.getTime())).toISOString();
    return attemptRow({
      id: ouladId(tenantId, 'attempt', pres, pid, id),
      source: 'import',
      startedAt: submittedAt,
      submittedAt,
      score,
      ...(isBanked ? { content: { isBanked } } : {}),
    });
  });
  return submissionRow(assignment, attempts, {
    studentId: ouladId(tenantId, 'student', pid),
    assignedAt: beginOf(assignedDay),
    withdrawnAt: isWithdrawn ? beginOf(Math.max(left, assignedDay)) : null,
  });
}

function at(timeZone: string, day: string, time: string): string {
  return new Date(instantOf(timeZone, day, time)).toISOString();
}
