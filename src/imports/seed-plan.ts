import { v5 as uuidv5 } from 'uuid';
import { addDays } from '../org/local-day.js';
import type { History } from './history-loader.js';
import type { ModuleRow, PersonRow, PlacementRow } from './imports.repository.js';
import { addressOf, makeUpName } from './names.js';
import type { Organisation } from './organisation-import.js';
import { type Course, type Habit, practise } from './practice.js';
import { Random } from './random.js';
import { seedAssignments, seedSubmissions } from './seed-work.js';
import type { Work } from './work-loader.js';
import type { AssignmentRow, SubmissionRow } from './work.repository.js';

export interface SeedSize {
  readonly instructors: number;
  /** Of each instructor. */
  readonly students: number;
  /** Of history, today included. */
  readonly days: number;
  /** Set by each instructor for the whole roster. */
  readonly assignments: number;
}

const categoryCount = 6;
const moduleCount = 30;
const instructorsPerFaculty = 10;
const kinds = ['quiz', 'voice', 'lesson', 'exercise', 'story'] as const;
const difficulties = ['easy', 'medium', 'hard'] as const;

/** A tenant of any size: ids and numbers follow from the tenant and a person's place in it alone. */
export class SeedPlan {
  private generated = 0;

  /** @param start local day of the first day of history */
  constructor(
    private readonly tenantId: string,
    private readonly size: SeedSize,
    private readonly start: string,
  ) {}

  /** How many of the histories have been generated, 0–1. */
  readonly share = (): number => this.generated / (this.size.instructors * this.size.students);

  organisation(): Organisation {
    const { instructors, students } = this.size;
    const faculties = Math.ceil(instructors / instructorsPerFaculty);
    const root = { id: this.id('root'), parentId: null, code: 'ROOT', name: 'All', createdOn: this.start };
    const below = (kind: string, number: number, parentId: string, name: string) => ({
      id: this.id(kind, number),
      parentId,
      code: `${kind.toUpperCase()}-${number}`,
      name: `${name} ${number}`,
      createdOn: this.start,
    });
    const people: PersonRow[] = [];
    const placements: PlacementRow[] = [];
    const instructorNumbers = Array.from({ length: instructors }, (_, i) => i);
    for (const i of instructorNumbers) {
      people.push(this.person('instructor', i, i, addDays(this.start, -365)));
      for (let k = 0; k < students; k++) {
        const number = this.studentNumber(i, k);
        const student = this.person('student', number, i, this.joinedOn(number));
        people.push(student);
        placements.push({ studentId: student.id, instructorId: this.id('instructor', i), from: student.joinedOn });
      }
    }
    return {
      departments: [
        root,
        ...Array.from({ length: faculties }, (_, i) => below('faculty', i, root.id, 'Faculty')),
        ...instructorNumbers.map((i) =>
          below('class', i, this.id('faculty', Math.floor(i / instructorsPerFaculty)), 'Class'),
        ),
      ],
      people,
      profiles: instructorNumbers.map((i) => ({
        userId: this.id('instructor', i),
        employeeId: `E-${i}`,
        specialisations: [],
        experienceYears: i % 30,
        supervisorId: null,
        canViewAll: false,
      })),
      placements,
      categories: Array.from({ length: categoryCount }, (_, i) => ({
        id: this.id('category', i),
        code: `category-${i}`,
        title: `Category ${i}`,
        position: i,
      })),
      modules: this.modules(),
    };
  }

  /** Two instructors at a time, their students by turns: one for each lane. */
  *histories(timeZone: string, now: Date): Generator<History> {
    const course: Course = { modules: this.modules(), start: this.start, timeZone, now };
    const { instructors, students } = this.size;
    for (let first = 0; first < instructors; first += 2) {
      for (let k = 0; k < students; k++) {
        for (const i of [first, first + 1].filter((one) => one < instructors)) {
          this.generated += 1;
          const number = this.studentNumber(i, k);
          const habit = this.habitOf(number);
          if (habit === null) continue;
          const random = new Random(`seed ${number}`);
          yield { lane: i, sessions: practise(random, this.id('student', number), habit, course) };
        }
      }
    }
  }

  /** Assignments of each instructor, and what their students have made of them. */
  work(timeZone: string, now: Date): Work {
    const { instructors, students, days, assignments } = this.size;
    const term = { start: this.start, days, timeZone, now };
    const ofInstructors = Array.from({ length: instructors }, (_, i) =>
      seedAssignments(this.id('instructor', i), assignments, term, (n) => this.id('assignment', i * 10_000 + n)),
    );
    const submissionsOf = (number: number, own: readonly AssignmentRow[]): SubmissionRow[] => {
      const habit = this.habitOf(number);
      const student = {
        studentId: this.id('student', number),
        joinedOn: this.joinedOn(number),
        ability: habit?.ability ?? null,
      };
      return seedSubmissions(new Random(`work ${number}`), student, own, term);
    };
    const numberOf = (i: number, k: number): number => this.studentNumber(i, k);
    function* submissions(): Generator<SubmissionRow[]> {
      for (const [i, own] of ofInstructors.entries()) {
        for (let k = 0; k < students; k++) yield submissionsOf(numberOf(i, k), own);
      }
    }
    return { assignments: ofInstructors.flat(), submissions: submissions() };
  }

  private joinedOn(number: number): string {
    return addDays(this.start, this.habitOf(number)?.firstDay ?? 0);
  }

  /** A few practise daily, most now and then; some have not begun, some have stopped, some are new. */
  private habitOf(number: number): Habit | null {
    const { days } = this.size;
    const random = new Random(`habit ${number}`);
    const habit = {
      diligence: Math.min(0.95, random.logNormal(0.2, 0.8)),
      ability: random.normal(72, 12),
      gain: random.normal(1, 3),
      firstDay: 0,
      lastDay: days - 1,
    };
    const fate = random.next();
    if (fate < 0.05) return null;
    if (fate < 0.15) return { ...habit, lastDay: random.int(0, days - 1) };
    if (fate < 0.25) return { ...habit, fadesFrom: random.int(0, days - 1) };
    if (fate < 0.35) return { ...habit, firstDay: random.int(0, days - 1) };
    return habit;
  }

  private person(role: 'instructor' | 'student', number: number, classNumber: number, joinedOn: string): PersonRow {
    const name = makeUpName(new Random(`${role} ${number}`));
    return {
      id: this.id(role, number),
      role,
      name,
      email: `${addressOf(name)}.${role[0]}${number}@seed.example.org`,
      pid: role === 'student' ? `S${String(number).padStart(7, '0')}` : null,
      rank: null,
      departmentId: this.id('class', classNumber),
      joinedOn,
    };
  }

  private modules(): (ModuleRow & Course['modules'][number])[] {
    return Array.from({ length: moduleCount }, (_, i) => ({
      id: this.id('module', i),
      categoryId: this.id('category', i % categoryCount),
      code: `module-${i}`,
      title: `Module ${i}`,
      kind: kinds[i % kinds.length]!,
      difficulty: difficulties[i % difficulties.length]!,
    }));
  }

  /** The same person whatever the size, as long as an instructor has no more than 10,000 students. */
  private studentNumber(instructor: number, index: number): number {
    return instructor * 10_000 + index;
  }

  private id(kind: string, number?: number): string {
    return uuidv5(`${kind}/${number ?? ''}`, this.tenantId);
  }
}
