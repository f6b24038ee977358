import type { ExtensionOutcome, ExtensionRow } from './extension-row.js';
import type { LockedExtension, NamedStudent } from './extensions.repository.js';

/** What is known of those whom rows name. */
export interface ExtensionKnowledge {
  /** Of the assignment for everybody. */
  readonly dueAt: string;
  readonly students: readonly NamedStudent[];
  readonly extensions: readonly LockedExtension[];
  /** When local days that rows say end. */
  readonly ends: ReadonlyMap<string, string>;
}

export interface PlannedExtension {
  readonly row: number;
  readonly pid: string | null;
  /** Undefined where the viewer has no such student. */
  readonly student: NamedStudent | undefined;
  /** Undefined where the student does not have the assignment. */
  readonly before: LockedExtension | undefined;
  readonly until: string;
  readonly reason: string;
  readonly result: ExtensionOutcome;
}

/** What each row would do. Of rows that name the same student every one after the first is at fault. */
export function planExtensions(rows: readonly ExtensionRow[], known: ExtensionKnowledge): PlannedExtension[] {
  const byId = new Map(known.students.map((student) => [student.studentId, student]));
  const byPid = new Map(known.students.map((student) => [student.pid, student]));
  const extensions = new Map(known.extensions.map((extension) => [extension.studentId, extension]));
  const named = new Set<NamedStudent>();
  return rows.map(({ row, studentId, pid, until: said, reason }) => {
    const found = studentId === null ? byPid.get(pid) : byId.get(studentId);
    const student = pid === null || found?.pid === pid ? found : undefined;
    const before = student && extensions.get(student.studentId);
    const until = known.ends.get(said) ?? said;
    const outcome = (): ExtensionOutcome => {
      if (!student) return 'student_not_found';
      if (named.has(student)) return 'duplicate_row';
      named.add(student);
      if (!before) return 'not_assigned';
      if (Date.parse(until) <= Date.parse(known.dueAt)) return 'not_later';
      const isSame = before.until !== null && Date.parse(before.until) === Date.parse(until);
      return isSame && before.reason === reason ? 'unchanged' : 'extended';
    };
    return { row, pid, student, before, until, reason, result: outcome() };
  });
}
