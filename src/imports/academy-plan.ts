import { v5 as uuidv5 } from 'uuid';
import { addDays } from '../org/local-day.js';
import { type AcademyStudent, planAcademyWork } from './academy-work.js';
import type { SessionInput } from './history-loader.js';
import type {
  AchievementRow,
  CategoryRow,
  DepartmentRow,
  ModuleRow,
  PersonRow,
  PlacementRow,
  ProfileRow,
  UnlockedRow,
} from './imports.repository.js';
import { addressOf, makeUpName } from './names.js';
import { type Habit, practise, type PractisedModule } from './practice.js';
import { Random } from './random.js';

/** Today is this day of the course. */
export const academyDay = 90;
const domain = 'academy.example.org';

/** Code, title, parent. */
const departments = [
  ['TA', 'Training academy', null],
  ['TA-RADIO', 'Radio school', 'TA'],
  ['TA-CONTROL', 'Control room school', 'TA'],
  ['TA-RADIO-A', 'Radio class A', 'TA-RADIO'],
  ['TA-RADIO-B', 'Radio class B', 'TA-RADIO'],
  ['TA-CONTROL-A', 'Control room class A', 'TA-CONTROL'],
] as const;

/** Whose instructor is responsible, and how many there are. */
const classes = [
  { code: 'TA-RADIO-A', instructor: 1, students: 62 },
  { code: 'TA-RADIO-B', instructor: 2, students: 54 },
  { code: 'TA-CONTROL-A', instructor: 0, students: 34 },
] as const;

const instructors = [
  { code: 'TA', rank: 'Head of training', specialisations: ['protocol'], years: 19, canViewAll: true },
  { code: 'TA-RADIO-A', rank: 'Instructor', specialisations: ['radio codes', 'voice'], years: 8, canViewAll: false },
  { code: 'TA-RADIO', rank: 'Instructor', specialisations: ['phonetic alphabet'], years: 4, canViewAll: false },
] as const;

const categories = [
  ['radio-codes', 'Radio codes'],
  ['phonetic-alphabet', 'Phonetic alphabet'],
  ['protocol', 'Protocol'],
] as const;

const modules = [
  ['RC-QUIZ-1', 'Ten codes: the first twenty', 'radio-codes', 'quiz', 'easy'],
  ['RC-QUIZ-2', 'Ten codes: all', 'radio-codes', 'quiz', 'medium'],
  ['RC-QUIZ-3', 'Ten codes under noise', 'radio-codes', 'quiz', 'hard'],
  ['RC-LESSON-1', 'Why codes', 'radio-codes', 'lesson', 'easy'],
  ['RC-EX-1', 'Write down what you hear', 'radio-codes', 'exercise', 'medium'],
  ['PA-VOICE-1', 'Spell your name', 'phonetic-alphabet', 'voice', 'easy'],
  ['PA-VOICE-2', 'Spell a number plate', 'phonetic-alphabet', 'voice', 'medium'],
  ['PA-VOICE-3', 'Spell against the clock', 'phonetic-alphabet', 'voice', 'hard'],
  ['PA-QUIZ-1', 'Alfa to Zulu', 'phonetic-alphabet', 'quiz', 'easy'],
  ['PA-STORY-1', 'The lost trawler', 'phonetic-alphabet', 'story', 'medium'],
  ['PR-LESSON-1', 'Call, answer, end', 'protocol', 'lesson', 'easy'],
  ['PR-QUIZ-1', 'Order of a call', 'protocol', 'quiz', 'medium'],
  ['PR-VOICE-1', 'A distress call', 'protocol', 'voice', 'hard'],
  ['PR-STORY-1', 'Night shift in the control room', 'protocol', 'story', 'hard'],
  ['PR-EX-1', 'Correct the transcript', 'protocol', 'exercise', 'medium'],
] as const;

/** When each is unlocked; sessions come in the order of time and all of them are completed. */
const achievements = [
  ['first-session', 'On the air', 'Completed the first session', 'radio', '#4c9f70', nth(1)],
  ['sessions-50', 'Regular', 'Completed 50 sessions', 'repeat', '#3b6ea5', nth(50)],
  ['sessions-200', 'Old hand', 'Completed 200 sessions', 'anchor', '#8a4fff', nth(200)],
  ['perfect-quiz', 'Nothing missed', 'All questions of a quiz right', 'target', '#d08c2e', first(isPerfect)],
  ['score-95', 'Loud and clear', 'A score of 95 or more', 'mic', '#c0392b', first(({ score = 0 }) => score >= 95)],
  ['streak-7', 'A week on watch', 'Seven days in a row', 'calendar', '#2e86ab', streakOf(7)],
  ['streak-14', 'A fortnight on watch', 'Fourteen days in a row', 'calendar', '#1b4965', streakOf(14)],
] as const;

export interface AcademyPlan {
  readonly departments: DepartmentRow[];
  readonly people: PersonRow[];
  readonly profiles: ProfileRow[];
  readonly placements: PlacementRow[];
  readonly categories: CategoryRow[];
  readonly modules: ModuleRow[];
  readonly achievements: AchievementRow[];
  readonly unlocked: UnlockedRow[];
  readonly histories: { readonly lane: number; readonly sessions: SessionInput[] }[];
  readonly work: ReturnType<typeof planAcademyWork>;
}

/**
 * A training academy that does not exist, in full. The same for the same tenant and day; during the day sessions, and
 * the work that follows from them, are added as their time comes.
 */
export function planAcademy(tenantId: string, timeZone: string, today: string, now: Date): AcademyPlan {
  const id = (...parts: (string | number)[]): string => uuidv5(parts.join('/'), tenantId);
  const start = addDays(today, -academyDay);
  const names = differentNames(new Random('training academy'), instructors.length + 150);

  const people: PersonRow[] = [];
  const profiles: ProfileRow[] = [];
  instructors.forEach(({ code, rank, specialisations, years, canViewAll }, index) => {
    const userId = id('instructor', index);
    const joinedOn = addDays(start, -365 * years);
    const departmentId = id('department', code);
    people.push({ id: userId, role: 'instructor', ...names[index]!, pid: null, rank, departmentId, joinedOn });
    const employeeId = `TA-E${String(index + 1).padStart(3, '0')}`;
    const supervisorId = index === 0 ? null : id('instructor', 0);
    profiles.push({ userId, employeeId, specialisations, experienceYears: years, supervisorId, canViewAll });
  });

  const placements: PlacementRow[] = [];
  const unlocked: UnlockedRow[] = [];
  const histories: AcademyPlan['histories'] = [];
  const practised = modules.map(([code, , , kind, difficulty]): PractisedModule => ({
    id: id('module', code),
    kind,
    difficulty,
  }));
  const course = { modules: practised, start, timeZone, now };
  let number = 0;
  const taught = classes.map((one) => ({ ...one, members: [] as AcademyStudent[] }));
  for (const { code, instructor, students, members } of taught) {
    for (let i = 0; i < students; i++) {
      const name = names[instructors.length + number++]!;
      const pid = `TA-${String(number).padStart(4, '0')}`;
      const studentId = id('student', pid);
      const own = new Random(`academy ${pid}`);
      const habit = habitOf(own);
      const joinedOn = addDays(start, habit === null ? 60 : Math.max(0, habit.firstDay - own.int(0, 4)));
      const departmentId = id('department', code);
      people.push({ id: studentId, role: 'student', ...name, pid, rank: null, departmentId, joinedOn });
      placements.push({ studentId, instructorId: id('instructor', instructor), from: joinedOn });
      const sessions = habit === null ? [] : practise(own, studentId, habit, course);
      members.push({ pid, studentId, joinedOn, sessions });
      if (habit === null) continue;
      histories.push({ lane: instructor, sessions });
      const completed = sessions.filter(({ status }) => status === 'completed');
      for (const [achievement, , , , , unlockedBy] of achievements) {
        const unlockedAt = unlockedBy(completed)?.completedAt;
        if (unlockedAt) unlocked.push({ studentId, achievementId: id('achievement', achievement), unlockedAt });
      }
    }
  }
  return {
    departments: departments.map(([code, name, parent]) => ({
      id: id('department', code),
      parentId: parent === null ? null : id('department', parent),
      code,
      name,
      createdOn: start,
    })),
    people,
    profiles,
    placements,
    categories: categories.map(([code, title], position) => ({ id: id('category', code), code, title, position })),
    modules: modules.map(([code, title, category, kind, difficulty]) => ({
      id: id('module', code),
      categoryId: id('category', category),
      code,
      title,
      kind,
      difficulty,
    })),
    achievements: achievements.map(([code, title, description, icon, badgeColor]) => ({
      id: id('achievement', code),
      code,
      title,
      description,
      icon,
      badgeColor,
    })),
    unlocked,
    histories,
    work: planAcademyWork(
      taught.map(({ code, instructor, members }) => ({
        code,
        instructorId: id('instructor', instructor),
        students: members,
      })),
      { id, ...course },
    ),
  };
}

function differentNames(random: Random, count: number): { name: string; email: string }[] {
  const names = new Set<string>();
  while (names.size < count) names.add(makeUpName(random));
  return [...names].map((name, index) => {
    // one student can be told to everybody who wants to sign in
    const address = index === instructors.length ? 'student' : addressOf(name);
    return { name, email: `${address}@${domain}` };
  });
}

/** Null: never started. */
function habitOf(random: Random): Habit | null {
  const whole = { firstDay: random.int(0, 5), lastDay: academyDay };
  const ability = random.normal(74, 8);
  const gain = random.normal(2, 2);
  switch (random.weighted([12, 40, 20, 12, 7, 5, 4])) {
    case 0: // top performers
      return { ...whole, diligence: random.normal(0.75, 0.08), ability: random.normal(91, 3), gain: 1.5 };
    case 1: // steady
      return { ...whole, diligence: random.normal(0.5, 0.08), ability, gain };
    case 2: // now and then
      return { ...whole, diligence: random.normal(0.22, 0.05), ability, gain };
    case 3: // slipping: less often, and worse
      return { ...whole, diligence: 0.55, ability: ability - 8, gain: -7, fadesFrom: random.int(55, 75) };
    case 4: // gave up
      return { ...whole, lastDay: random.int(20, 76), diligence: 0.4, ability: ability - 10, gain: -3 };
    case 5: // new
      return { firstDay: random.int(74, 86), lastDay: academyDay, diligence: 0.6, ability, gain };
    default:
      return null;
  }
}

type Unlock = (completed: readonly SessionInput[]) => SessionInput | undefined;

function nth(count: number): Unlock {
  return (completed) => completed[count - 1];
}

function first(condition: (session: SessionInput) => boolean): Unlock {
  return (completed) => completed.find(condition);
}

function isPerfect({ questions, correct }: SessionInput): boolean {
  return questions !== undefined && questions === correct;
}

/** Days are those of UTC: nobody practises at night. */
function streakOf(length: number): Unlock {
  return (completed) => {
    let run = 0;
    let last = '';
    return completed.find(({ completedAt }) => {
      const day = completedAt!.slice(0, 10);
      if (day !== last) run = last !== '' && addDays(last, 1) === day ? run + 1 : 1;
      last = day;
      return run >= length;
    });
  };
}
