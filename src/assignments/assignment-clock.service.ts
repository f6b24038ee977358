import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { eventsOf, mostPerEvent, tagsOf } from './affected-students.js';
import { AssignmentClockRepository, type MarkedWork } from './assignment-clock.repository.js';

/** What becomes true of a tenant's work without anybody doing anything. In short transactions, each of them complete. */
@Injectable()
export class AssignmentClockService {
  constructor(
    private readonly database: Database,
    private readonly clocks: AssignmentClockRepository,
    private readonly progress: ProgressRepository,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** Opens what has become available. @returns how many assignments @throws the signal's reason, between transactions */
  async open(tenantId: string, signal: AbortSignal): Promise<number> {
    let opened = 0;
    for (const id of await this.clocks.listUnopened(tenantId, this.clock.now())) {
      for (let after: string | null = NIL; after !== null;) {
        signal.throwIfAborted();
        const step = await this.openNext(tenantId, id, after);
        after = step.last;
        if (step.isOpened) opened += 1;
      }
    }
    return opened;
  }

  /** Tells of work that is due soon. @returns how many pieces */
  tellDueSoon(tenantId: string, signal: AbortSignal): Promise<number> {
    return this.tell(tenantId, signal, 'assignments.due-soon', (now) =>
      this.clocks.markDueSoon(tenantId, now, mostPerEvent),
    );
  }

  tellOverdue(tenantId: string, signal: AbortSignal): Promise<number> {
    return this.tell(tenantId, signal, 'assignments.overdue', (now) =>
      this.clocks.markOverdue(tenantId, now, mostPerEvent),
    );
  }

  /** Marked as opened with the last students: whoever begins again after a crash counts all of them anew. */
  private openNext(
    tenantId: string,
    id: string,
    after: string,
  ): Promise<{ readonly last: string | null; readonly isOpened: boolean }> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      if (!(await this.clocks.lockUnopened(tenantId, id, now))) return { last: null, isOpened: false };
      const ids = await this.clocks.listHolders(tenantId, id, after, mostPerEvent);
      const students = await this.progress.lockAll(tenantId, ids);
      await this.progress.refreshAssignments(tenantId, ids, now);
      await this.database.afterCommit(() => this.cache.bump(tagsOf(tenantId, students)));
      if (ids.length === mostPerEvent) return { last: ids.at(-1)!, isOpened: false };
      await this.clocks.markOpened(tenantId, id, now);
      await this.outbox.append(tenantId, 'assignments.opened', id, { assignmentId: id });
      return { last: null, isOpened: true };
    });
  }

  private async tell(
    tenantId: string,
    signal: AbortSignal,
    topic: string,
    mark: (now: Date) => Promise<MarkedWork[]>,
  ): Promise<number> {
    for (let total = 0; ;) {
      signal.throwIfAborted();
      const count = await this.database.transaction(async () => {
        const marked = await mark(this.clock.now());
        await this.outbox.appendMany(tenantId, topic, eventsByAssignment(marked));
        if (marked.length > 0) await this.database.afterCommit(() => this.cache.bump(tagsOf(tenantId, marked)));
        return marked.length;
      });
      if (count === 0) return total;
      total += count;
    }
  }
}

/** One for each assignment. */
function eventsByAssignment(marked: readonly MarkedWork[]) {
  const students = new Map<string, string[]>();
  for (const { assignmentId, studentId } of marked) {
    const those = students.get(assignmentId);
    if (those) those.push(studentId);
    else students.set(assignmentId, [studentId]);
  }
  return [...students].flatMap(([assignmentId, studentIds]) => eventsOf(assignmentId, studentIds));
}
