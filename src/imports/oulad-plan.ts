import { v5 as uuidv5 } from 'uuid';
import { addDays } from '../org/local-day.js';
import type {
  CategoryRow,
  DepartmentRow,
  ModuleRow,
  PersonRow,
  PlacementRow,
  ProfileRow,
} from './imports.repository.js';
import { type Enrolment, type Material, materials, type Presentation } from './oulad-files.js';

/** Material opens in the month before the first day. */
export const daysBefore = 31;

const studentsPerTutor = 200;

const described: Readonly<Record<Material, { title: string; kind: string }>> = {
  content: { title: 'Course content', kind: 'lesson' },
  home: { title: 'Course home', kind: 'lesson' },
  forum: { title: 'Forum', kind: 'forum' },
  quiz: { title: 'Quizzes', kind: 'quiz' },
};

export interface PlannedStudent {
  readonly id: string;
  /** Students of one tutor share it. */
  readonly lane: number;
}

export interface OuladPlan {
  readonly departments: DepartmentRow[];
  readonly people: PersonRow[];
  readonly profiles: ProfileRow[];
  readonly placements: PlacementRow[];
  readonly categories: CategoryRow[];
  readonly modules: ModuleRow[];
  /** By `id_student`. */
  readonly students: ReadonlyMap<string, PlannedStudent>;
  /** Ids of students who have left all their presentations by day N. */
  readonly left: string[];
}

/** Ids follow from the tenant and the extract's own, so that importing again finds what is there. */
export function ouladId(tenantId: string, ...parts: readonly (string | number)[]): string {
  return uuidv5(parts.join('/'), tenantId);
}

export function moduleId(tenantId: string, pres: string, material: Material): string {
  return ouladId(tenantId, 'module', pres, material);
}

/**
 * The organisation that an extract describes on day N; see docs/oulad-mapping.md.
 * @param dayZero local day of each presentation's day 0
 */
export function planOulad(
  tenantId: string,
  presentations: readonly Presentation[],
  enrolments: readonly Enrolment[],
  { dayZero, asOfDay }: { dayZero: ReadonlyMap<string, string>; asOfDay: number },
): OuladPlan {
  const id = (...parts: (string | number)[]): string => ouladId(tenantId, ...parts);
  const rootId = id('root');
  const firstDay = [...dayZero.values()].sort()[0]!;
  const plan = {
    departments: [{ id: rootId, parentId: null, code: 'OULAD', name: 'Open University', createdOn: firstDay }],
    people: [],
    profiles: [],
    placements: [],
    categories: materials.map((material, position): CategoryRow => ({
      id: id('category', material),
      code: material,
      title: described[material].title,
      position,
    })),
    modules: [],
    students: new Map<string, PlannedStudent>(),
    left: [],
  } as { -readonly [K in keyof OuladPlan]: OuladPlan[K] } & { students: Map<string, PlannedStudent> };
  const staying = new Set<string>();
  let tutors = 0;

  for (const { pres } of presentations) {
    const departmentId = id('department', pres);
    const start = dayZero.get(pres)!;
    plan.departments.push({ id: departmentId, parentId: rootId, code: pres, name: pres, createdOn: start });
    for (const material of materials) {
      plan.modules.push({
        id: moduleId(tenantId, pres, material),
        categoryId: id('category', material),
        code: `${pres}-${material}`,
        title: `${described[material].title} of ${pres}`,
        kind: described[material].kind,
        difficulty: 'easy',
      });
    }
    const own = enrolments.filter((enrolment) => enrolment.pres === pres);
    const groups = Math.ceil(own.length / studentsPerTutor);
    const groupSize = Math.ceil(own.length / groups);
    const tutorIds = Array.from({ length: groups }, (_, index) => {
      const person = { role: 'instructor', pid: null, rank: null, departmentId, joinedOn: start } as const;
      const tutorId = id('tutor', pres, index + 1);
      const email = `tutor-${index + 1}.${pres.toLowerCase()}@oulad.example.org`;
      plan.people.push({ ...person, id: tutorId, name: `Tutor ${index + 1} of ${pres}`, email });
      const profile = { employeeId: null, specialisations: [], experienceYears: null, supervisorId: null };
      plan.profiles.push({ ...profile, userId: tutorId, canViewAll: false });
      return tutorId;
    });
    own.forEach(({ studentId: pid, registeredDay, unregisteredDay }, index) => {
      // everybody counts for the groups, so that these do not depend on the day of the import
      if (registeredDay !== null && registeredDay > asOfDay) return;
      const studentId = id('student', pid);
      if (unregisteredDay === null || unregisteredDay > asOfDay) staying.add(studentId);
      // who is in two presentations is a member of the first
      if (plan.students.has(pid)) return;
      const group = groupOf(index, groups, groupSize);
      const joinedOn = addDays(start, registeredDay ?? 0);
      const person = { role: 'student', email: null, rank: null, departmentId, joinedOn } as const;
      plan.people.push({ ...person, id: studentId, name: `Student ${pid}`, pid });
      plan.placements.push({ studentId, instructorId: tutorIds[group]!, from: joinedOn });
      plan.students.set(pid, { id: studentId, lane: tutors + group });
    });
    tutors += groups;
  }
  plan.left = [...plan.students.values()].map((student) => student.id).filter((student) => !staying.has(student));
  return plan;
}

/**
 * Neighbours alternate between two tutors: so two transactions have work at the same time, and neither waits for rows
 * that add up the students of one tutor.
 */
function groupOf(index: number, groups: number, groupSize: number): number {
  const first = 2 * Math.floor(index / (2 * groupSize));
  return first + 1 < groups ? first + (index % 2) : first;
}
