import { addDays, localDay } from '../org/local-day.js';
import type { SessionInput } from './history-loader.js';
import { Random } from './random.js';
import { instantOf } from './wall-clock.js';
import { assignmentRow, attemptRow, mean, submissionRow } from './work-rows.js';
import type { AssignmentRow, AttemptRow, SubmissionRow } from './work.repository.js';

const minute = 60_000;
const day = 86_400_000;

/** What each class gets from its instructor. Days count from the first day of the course; today is day 90. */
interface Task {
  readonly key: string;
  readonly opens: number;
  readonly due: number;
  /** Practised, and done once the sessions reach the target; without any it is written and marked by the instructor. */
  readonly modules: readonly string[];
  readonly row: Pick<AssignmentRow, 'title' | 'description'> & Partial<AssignmentRow>;
  /** From this day on nothing is taken any more. */
  readonly closed?: number;
}

const tasks: readonly Task[] = [
  {
    key: 'codes',
    opens: 10,
    due: 41,
    closed: 60,
    modules: ['RC-QUIZ-1', 'RC-QUIZ-2'],
    row: {
      title: 'Ten codes by heart',
      description: 'Both quizzes, until you reach 70 on average.',
      category: 'practice',
      targetScore: 70,
      status: 'completed',
    },
  },
  {
    key: 'watch',
    opens: 35,
    due: 60,
    modules: [],
    row: {
      title: 'Write up a watch',
      description: 'One page on the last watch you listened to: who called whom, when, and why.',
      category: 'paper',
      targetScore: 60,
      maxAttempts: 2,
      attemptPolicy: 'last',
      weight: 2,
      needsGrading: true,
      latePenalty: 10,
      latePenaltyLimit: 50,
      estimatedDurationSeconds: 5_400,
    },
  },
  {
    key: 'plates',
    opens: 45,
    due: 76,
    modules: ['PA-VOICE-1', 'PA-VOICE-2'],
    row: {
      title: 'Names and number plates',
      description: 'Spell your name and a number plate, until you reach 72 on average.',
      category: 'practice',
      targetScore: 72,
    },
  },
  {
    key: 'trawler',
    opens: 64,
    due: 87,
    modules: [],
    row: {
      title: 'The lost trawler: what went wrong',
      description: 'Listen to the story again and name the three calls that should have been made.',
      category: 'paper',
      priority: 'high',
      maxAttempts: 1,
      weight: 3,
      needsGrading: true,
      gradeRelease: 'manual',
      estimatedDurationSeconds: 7_200,
    },
  },
  {
    key: 'calls',
    opens: 76,
    due: 92,
    modules: ['PR-LESSON-1', 'PR-QUIZ-1'],
    row: {
      title: 'Call, answer, end',
      description: 'The lesson, and the quiz with 65 or more.',
      category: 'practice',
      priority: 'high',
      targetScore: 65,
    },
  },
  {
    key: 'distress',
    opens: 93,
    due: 110,
    modules: ['PR-VOICE-1'],
    row: {
      title: 'A distress call',
      description: 'Three tries count; 75 is what the coast guard asks for.',
      category: 'practice',
      priority: 'urgent',
      targetScore: 75,
      maxAttempts: 3,
      attemptPolicy: 'mean',
    },
  },
  {
    key: 'night',
    opens: 100,
    due: 120,
    modules: ['PR-STORY-1'],
    row: { title: 'Night shift', description: 'Not ready yet.', category: 'practice', status: 'draft' },
  },
];

const reasons = ['Ill that week, doctor’s note seen', 'On duty abroad', 'Microphone had to be replaced'];
const remarks = [
  [85, 'Clear, complete and in order. Read it to the others.'],
  [70, 'Good. Times would have made it easier to follow.'],
  [55, 'The main points are there; who answered whom is not.'],
  [0, 'This is not a report yet. Come and see me, and try again.'],
] as const;

export interface AcademyClass {
  readonly code: string;
  readonly instructorId: string;
  readonly students: readonly AcademyStudent[];
}

export interface AcademyStudent {
  readonly pid: string;
  readonly studentId: string;
  readonly joinedOn: string;
  /** Of the past, in the order of time. */
  readonly sessions: readonly SessionInput[];
}

interface Course {
  readonly id: (...parts: (string | number)[]) => string;
  readonly start: string;
  readonly timeZone: string;
  readonly now: Date;
}

interface Given {
  readonly task: Task;
  readonly assignment: AssignmentRow;
  readonly student: AcademyStudent;
  readonly random: Random;
  readonly course: Course;
}

/** The same for the same sessions: whatever is handed in follows from a student's own practice. */
export function planAcademyWork(
  classes: readonly AcademyClass[],
  course: Course,
): { assignments: AssignmentRow[]; submissions: SubmissionRow[][] } {
  const { id, start, timeZone } = course;
  const assignments: AssignmentRow[] = [];
  const submissions: SubmissionRow[][] = [];
  for (const { code, instructorId, students } of classes) {
    const set = tasks.map((task): [Task, AssignmentRow] => [
      task,
      assignmentRow({
        id: id('assignment', code, task.key),
        ownerId: instructorId,
        moduleIds: task.modules.map((module) => id('module', module)),
        availableFrom: iso(instantOf(timeZone, addDays(start, task.opens), '00:00:00')),
        dueAt: iso(instantOf(timeZone, addDays(start, task.due), '23:59:59')),
        createdAt: iso(instantOf(timeZone, addDays(start, Math.min(task.opens - 3, 88)), '09:00:00')),
        ...task.row,
      }),
    ]);
    assignments.push(...set.map(([, assignment]) => assignment));
    for (const student of students) {
      const own = set.filter(
        ([task, { status }]) => status !== 'draft' && student.joinedOn <= addDays(start, task.due),
      );
      submissions.push(
        own.map(([task, assignment]) => {
          const random = new Random(`academy work ${student.pid} ${task.key}`);
          return submissionOf({ task, assignment, student, random, course });
        }),
      );
    }
  }
  return { assignments, submissions };
}

function submissionOf(given: Given): SubmissionRow {
  const { task, assignment, student, random, course } = given;
  const joinedAt = instantOf(course.timeZone, student.joinedOn, '08:00:00');
  const assigned = {
    studentId: student.studentId,
    assignedAt: iso(Math.max(joinedAt, Date.parse(assignment.createdAt))),
  };
  if (random.chance(0.03)) return submissionRow(assignment, [], { ...assigned, exemption: 'excused' });
  if (task.modules.length > 0) return submissionRow(assignment, practised(given, assigned.assignedAt), assigned);
  const until = random.chance(0.08) ? Date.parse(assignment.dueAt!) + 6 * day : null;
  const work = {
    ...assigned,
    exemption: random.chance(0.03) ? ('exempt' as const) : null,
    extendedUntil: until === null ? null : iso(until),
    extensionReason: until === null ? null : random.pick(reasons),
  };
  const attempts = written(given, until ?? Date.parse(assignment.dueAt!));
  return submissionRow(assignment, attempts, { ...work, ...marked(given, attempts) });
}

/**
 * As it is entered when sessions come in: by the first one that completes what all modules ask for, counting the best
 * score of each.
 */
function practised({ task, assignment, student, course }: Given, assignedAt: string): AttemptRow[] {
  const from = Math.max(Date.parse(assignment.availableFrom), Date.parse(assignedAt));
  const until = task.closed
    ? instantOf(course.timeZone, addDays(course.start, task.closed), '00:00:00')
    : course.now.getTime();
  const best = new Map<string, number | undefined>();
  const used: SessionInput[] = [];
  for (const session of student.sessions) {
    const { moduleId, score } = session;
    const ended = Date.parse(session.completedAt!);
    if (session.status !== 'completed' || !assignment.moduleIds.includes(moduleId)) continue;
    if (ended < from || ended > until) continue;
    used.push(session);
    if (score === undefined || score >= (best.get(moduleId) ?? 0)) best.set(moduleId, score);
    if (best.size < assignment.moduleIds.length) continue;
    // lessons have none; in hundredths, which sum without error
    const points = [...best.values()].flatMap((one) => (one === undefined ? [] : Math.round(one * 100)));
    const reached = Math.round(mean(points)) / 100;
    if (reached < assignment.targetScore!) continue;
    return [
      attemptRow({
        id: course.id('attempt', assignment.id, student.pid, 1),
        source: 'sessions',
        startedAt: used[0]!.startedAt!,
        submittedAt: session.completedAt!,
        score: reached,
        timeSpentSeconds: used.reduce((sum, { startedAt, completedAt }) => {
          return sum + (Date.parse(completedAt!) - Date.parse(startedAt!)) / 1000;
        }, 0),
        sessionIds: used.map(({ id }) => id),
      }),
    ];
  }
  return [];
}

/** Papers are handed in when one has practised anyway: who practises no more hands in nothing. */
function written({ assignment, student, random, course }: Given, due: number): AttemptRow[] {
  const [fate, pause, length] = [random.weighted([70, 16, 14]), random.int(5, 40), random.int(40, 120)];
  const [tries, stays] = [random.chance(0.3) ? 2 : 1, random.chance(0.5)];
  const from = Date.parse(assignment.availableFrom) + length * minute;
  const ends = student.sessions
    .map(({ completedAt }) => Date.parse(completedAt!) + pause * minute)
    .filter((end) => end >= from && end <= course.now.getTime());
  const attempt = (number: number, end: number, submitted: boolean): AttemptRow => {
    const daysLate = (Date.parse(localDay(course.timeZone, new Date(end))) - Date.parse(dueDay)) / day;
    return attemptRow({
      id: course.id('attempt', assignment.id, student.pid, number),
      source: 'student',
      content: { text: `${assignment.title}, by ${student.pid}` },
      startedAt: iso(end - length * minute),
      submittedAt: submitted ? iso(end) : null,
      penalty: submitted ? Math.min(assignment.latePenaltyLimit, Math.max(0, daysLate) * assignment.latePenalty) : 0,
      timeSpentSeconds: length * 60,
    });
  };
  const dueDay = localDay(course.timeZone, new Date(due));
  // what was handed in by this morning stays so in the evening
  const morning = instantOf(course.timeZone, localDay(course.timeZone, course.now), '00:00:00');
  const last = ends.filter((end) => end <= Math.min(due, morning)).at(-1);
  const next = ends.find((end) => end > due && end <= due + 8 * day);
  const end = [last, next, undefined][fate];
  if (end === undefined) {
    const latest = ends.at(-1);
    return latest !== undefined && latest > morning - 7 * day && stays ? [attempt(1, latest, false)] : [];
  }
  const again = ends.find((one) => one > end + 2 * day && one <= end + 5 * day);
  if (tries > (assignment.maxAttempts ?? 1) || tries === 1 || again === undefined) return [attempt(1, end, true)];
  return [attempt(1, end, true), attempt(2, again, true)];
}

/** Within a week, by the instructor of the class, and in keeping with what the student reaches in practice. */
function marked(
  { assignment, student, random, course }: Given,
  attempts: readonly AttemptRow[],
): Partial<Pick<SubmissionRow, 'grade' | 'gradePenalty' | 'feedback' | 'gradedAt' | 'gradedBy'>> {
  const [days, difference] = [random.int(1, 6), random.normal(0, 7)];
  const last = attempts.at(-1);
  if (!last?.submittedAt) return {};
  const submittedOn = localDay(course.timeZone, new Date(last.submittedAt));
  const at = instantOf(course.timeZone, addDays(submittedOn, days), '16:30:00');
  if (at > course.now.getTime()) return {};
  const scores = student.sessions.flatMap(({ score, completedAt }) =>
    score === undefined || completedAt! > last.submittedAt! ? [] : score,
  );
  const usual = scores.length === 0 ? 60 : mean(scores);
  const grade = Math.round(Math.min(100, Math.max(20, usual + difference)));
  return {
    grade,
    gradePenalty: last.penalty,
    feedback: remarks.find(([least]) => grade >= least)![1],
    gradedAt: iso(at),
    gradedBy: assignment.ownerId,
  };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
