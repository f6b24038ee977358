import { Injectable, type OnModuleInit } from '@nestjs/common';
import { tagsOf } from '../assignments/affected-students.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import type { OutboxEvent } from '../jobs/outbox.repository.js';
import { WakeUps } from '../jobs/wake-ups.js';
import type { Audience } from './live-event.js';
import { LiveEventsRepository } from './live-events.repository.js';
import { type Told, toldBy } from './topics.js';

/** By one statement, while all others who publish wait. */
const mostInserted = 2_000;

/** Makes live events of what the relay of this process carries out of the outbox. */
@Injectable()
export class Publisher implements OnModuleInit {
  constructor(
    private readonly events: LiveEventsRepository,
    private readonly database: Database,
    private readonly cache: Cache,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly wakeUps: WakeUps,
  ) {}

  onModuleInit(): void {
    this.outbox.deliverTo((events) => this.publish(events));
  }

  /** The same events again add nothing. */
  async publish(events: readonly OutboxEvent[]): Promise<void> {
    const told = events.flatMap(toldBy);
    if (told.length === 0) return;
    const audiences = await this.audiencesOf(told);
    const addressed = told.flatMap((one) => {
      const audience = audiences.get(keyOf(one));
      return audience ? [{ ...one, ...audience }] : [];
    });
    await this.forget(addressed);
    for (let from = 0; from < addressed.length; from += mostInserted) {
      const chunk = addressed.slice(from, from + mostInserted);
      await this.database.transaction(async () => {
        await this.events.lock();
        await this.events.insert(chunk, this.clock.now());
      });
      this.wakeUps.send('live');
    }
  }

  /**
   * Whoever wrote has done so already, unless it died between its commit and that: a read that follows from an event must
   * not find less than the event said.
   */
  private async forget(addressed: readonly Audience[]): Promise<void> {
    const tags = new Set<string>();
    for (const { tenantId, userId, subjectId: studentId, instructorId } of addressed) {
      if (userId === null) tagsOf(tenantId, [{ studentId, instructorId }]).forEach((tag) => tags.add(tag));
    }
    await this.cache.bump([...tags]);
  }

  /** Nobody's are those of students who are not active, and of reports that were cancelled. */
  private async audiencesOf(told: readonly Told[]): Promise<ReadonlyMap<string, Audience>> {
    const of = (about: Told['about']): Told[] => told.filter((one) => one.about === about);
    const [students, reports] = [of('student'), of('report')];
    const people = of('person').map(({ tenantId, subjectId }): Audience => {
      return { tenantId, subjectId, userId: subjectId, instructorId: null, departmentPath: null };
    });
    const found = await Promise.all([
      students.length > 0 ? this.events.listStudents(students) : [],
      reports.length > 0 ? this.events.listReportOwners(reports) : [],
    ]);
    // a student may be told of as a person, too
    const keyed = (about: Told['about'], audiences: readonly Audience[]): [string, Audience][] =>
      audiences.map((audience) => [keyOf({ about, ...audience }), audience]);
    return new Map([...keyed('student', found[0]), ...keyed('report', found[1]), ...keyed('person', people)]);
  }
}

function keyOf({ about, tenantId, subjectId }: Pick<Told, 'about' | 'tenantId' | 'subjectId'>): string {
  return `${about} ${tenantId} ${subjectId}`;
}
