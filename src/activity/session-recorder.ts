import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { LockedStudent, ProgressRepository } from '../students/progress.repository.js';
import { Session } from './session-input.js';
import { SessionsRepository } from './sessions.repository.js';
import { SnapshotsRepository, StudentDay } from './snapshots.repository.js';

/** One request's sender; requests that share a transaction stay apart in the audit trail. */
export interface Sender {
  readonly viewer: Viewer;
  readonly request: FastifyRequest | undefined;
}

export interface SentSession {
  readonly session: Session;
  readonly sender: Sender;
}

export type Verdict = 'accepted' | 'duplicate' | 'student_unknown' | 'module_unknown' | 'session_of_other_student';

export interface Recording {
  /** One per item, in order. */
  readonly verdicts: Verdict[];
  /** Whose numbers have changed. */
  readonly students: LockedStudent[];
  /** Whose days they were on: of who has moved since, another one's than theirs; null: nobody's. */
  readonly instructorIds: (string | null)[];
}

/** Sessions and everything that follows from them, in one transaction. */
@Injectable()
export class SessionRecorder {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsRepository,
    private readonly snapshots: SnapshotsRepository,
    private readonly progress: ProgressRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
  ) {}

  /** @param localDay the tenant's, asked once the students are locked: midnight may have passed while we waited */
  record(tenantId: string, items: readonly SentSession[], now: Date, localDay: () => string): Promise<Recording> {
    const work = async (): Promise<Recording> => {
      const verdicts: Verdict[] = items.map(() => 'duplicate');
      const newest = newestOfEachId(items);
      const senders = new Set(newest.map((index) => items[index]!.session.studentId));
      const students = await this.lock(tenantId, [...senders]);
      const today = localDay();
      const known: number[] = [];
      for (const index of newest) {
        if (students.has(items[index]!.session.studentId)) known.push(index);
        else verdicts[index] = 'student_unknown';
      }
      if (known.length === 0) return { verdicts, students: [], instructorIds: [] };

      const sessions = known.map((index): Session => {
        const { session } = items[index]!;
        const { studentId } = students.get(session.studentId)!;
        return studentId === session.studentId ? session : { ...session, studentId };
      });
      const recorded = await this.sessions.record(tenantId, sessions, now);
      for (const { index, result } of recorded) verdicts[known[index]!] = result;
      const days = recorded.flatMap(({ studentId, days }) => days.map((day): StudentDay => ({ studentId, day })));
      if (days.length === 0) return { verdicts, students: [], instructorIds: [] };

      const changes = await this.snapshots.refresh(tenantId, days, { today, now });
      const late = days.filter(({ day }) => day < today);
      if (late.length > 0) await this.snapshots.reopenAfter(tenantId, late);
      await this.progress.refresh(tenantId, changes, { today, now });

      const studentIds = changes.map(({ studentId }) => studentId);
      const payload = { studentIds, days: [...new Set(days.map(({ day }) => day))], at: now.toISOString() };
      await this.outbox.append(tenantId, 'activity.sessions-recorded', studentIds[0]!, payload);
      const counts = new Map<Sender, number>();
      items.forEach(({ sender }, index) => {
        if (verdicts[index] === 'accepted') counts.set(sender, (counts.get(sender) ?? 0) + 1);
      });
      await this.audit.recordAll(
        tenantId,
        [...counts].map(([{ viewer, request }, count]) => ({
          actor: viewer,
          request,
          entry: { action: 'sessions.recorded', targetType: 'session', after: { count } },
        })),
      );
      const instructorIds = changes.flatMap((change) => change.instructorIds);
      return { verdicts, students: studentIds.map((id) => students.get(id)!), instructorIds };
    };
    return insertTwice(() => this.database.transaction(work));
  }

  /** Active students by the id they are sent under: of a duplicate that was merged, the one who stayed. */
  private async lock(tenantId: string, ids: readonly string[]): Promise<Map<string, LockedStudent>> {
    const locked = await this.progress.lock(tenantId, ids);
    const students = new Map(locked.map((student) => [student.studentId, student]));
    const tried = new Set<string>();
    const unknown = (): string[] => ids.filter((id) => !students.has(id));
    for (let open = unknown(); open.length > 0; open = unknown()) {
      // while we waited for the one, that one may have been merged into a third
      const merged = (await this.progress.listMerged(tenantId, open)).filter(({ intoId }) => !tried.has(intoId));
      if (merged.length === 0) break;
      merged.forEach(({ intoId }) => tried.add(intoId));
      const others = await this.progress.lock(tenantId, [...tried]);
      for (const student of others) {
        students.set(student.studentId, student);
        for (const { studentId, intoId } of merged) if (intoId === student.studentId) students.set(studentId, student);
      }
    }
    return students;
  }
}

/** Positions of the items that count: where an id occurs twice, the newest, and of equally new ones the first. */
function newestOfEachId(items: readonly SentSession[]): number[] {
  const newest = new Map<string, number>();
  items.forEach(({ session }, index) => {
    const held = newest.get(session.id);
    if (held === undefined || session.updatedAt > items[held]!.session.updatedAt) newest.set(session.id, index);
  });
  return [...newest.values()];
}
