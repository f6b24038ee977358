import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { heardBy } from './hearing.js';
import type { Audience, LiveEvent, LiveKind } from './live-event.js';
import type { Told } from './topics.js';

type Subject = Pick<Told, 'tenantId' | 'subjectId'>;
type NewEvent = Audience & Pick<Told, 'outboxId' | 'kind' | 'payload'>;

/** Between two positions: after the one, up to the other. */
export interface Range {
  readonly after: number;
  readonly upTo: number;
}

const columns = `e.id, e.tenant_id as "tenantId", e.kind, e.subject_id as "subjectId", e.user_id as "userId",
  e.instructor_id as "instructorId", e.department_path as "departmentPath", e.payload, e.created_at as "createdAt"`;

@Injectable()
export class LiveEventsRepository {
  constructor(private readonly database: Database) {}

  /** Of students of any tenants who are active. */
  listStudents(subjects: readonly Subject[]): Promise<Audience[]> {
    return this.database.many<Audience>(
      `-- live.listStudents
      select p.tenant_id as "tenantId", p.student_id as "subjectId", null as "userId",
        p.instructor_id as "instructorId", d.path as "departmentPath"
      from unnest($1::uuid[], $2::uuid[]) as w (tenant_id, student_id)
      join student_progress p on p.tenant_id = w.tenant_id and p.student_id = w.student_id and p.is_active
      join departments d on d.tenant_id = p.tenant_id and d.id = p.department_id`,
      [subjects.map(({ tenantId }) => tenantId), subjects.map(({ subjectId }) => subjectId)],
    );
  }

  /** Of reports of any tenants that nobody has cancelled. */
  listReportOwners(subjects: readonly Subject[]): Promise<Audience[]> {
    return this.database.many<Audience>(
      `-- live.listReportOwners
      select r.tenant_id as "tenantId", r.id as "subjectId", r.owner_id as "userId", null as "instructorId",
        null as "departmentPath"
      from unnest($1::uuid[], $2::uuid[]) as w (tenant_id, id)
      join reports r on r.tenant_id = w.tenant_id and r.id = w.id and r.cancelled_at is null`,
      [subjects.map(({ tenantId }) => tenantId), subjects.map(({ subjectId }) => subjectId)],
    );
  }

  /** Until the transaction ends nobody else publishes: ids become visible in their order. */
  async lock(): Promise<void> {
    await this.database.run(`-- live.lock
      select pg_advisory_xact_lock(hashtext('live events'))`);
  }

  /** In the order given. What was published before is passed over. */
  async insert(events: readonly NewEvent[], now: Date): Promise<void> {
    await this.database.run(
      `-- live.insertEvents
      insert into live_events (tenant_id, kind, outbox_id, subject_id, user_id, instructor_id, department_path, payload,
        created_at)
      select "tenantId", kind, "outboxId", "subjectId", "userId", "instructorId", "departmentPath", payload, $2
      from rows from (jsonb_to_recordset($1::jsonb) as ("tenantId" uuid, kind text, "outboxId" bigint, "subjectId" uuid,
        "userId" uuid, "instructorId" uuid, "departmentPath" uuid[], payload jsonb)) with ordinality as event
        ("tenantId", kind, "outboxId", "subjectId", "userId", "instructorId", "departmentPath", payload, position)
      order by position
      on conflict (tenant_id, outbox_id, kind, subject_id) do nothing`,
      [JSON.stringify(events), now],
    );
  }

  /** The first and the last id that are kept; 0 while nothing was ever published. */
  findBounds(): Promise<{ oldest: number; newest: number }> {
    return this.database.one<{ oldest: number; newest: number }>(
      `-- live.findBounds
      select coalesce(min(id), 0) as oldest, coalesce(max(id), 0) as newest from live_events`,
    );
  }

  /** Of all tenants, in order. */
  listAfter(id: number, limit: number): Promise<LiveEvent[]> {
    return this.database.many<LiveEvent>(
      `-- live.listAfter
      select ${columns} from live_events e where e.id > $1 order by e.id limit $2`,
      [id, limit],
    );
  }

  /** What this viewer may hear of these kinds, in order. */
  listHeard(viewer: Viewer, kinds: readonly LiveKind[], { after, upTo }: Range, limit: number): Promise<LiveEvent[]> {
    const { sql, parameters } = heardBy(viewer);
    const n = parameters.length;
    return this.database.many<LiveEvent>(
      `-- live.listHeard
      select ${columns} from live_events e
      where e.tenant_id = $1 and ${sql} and e.id > $${n + 1} and e.id <= $${n + 2} and e.kind = any ($${n + 3})
      order by e.id limit $${n + 4}`,
      [...parameters, after, upTo, kinds, limit],
    );
  }

  /**
   * Of the oldest. The very last stays, so that it is known how far the events had come.
   * @returns how many were deleted; fewer than `limit` when nothing is left
   */
  delete(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- live.deleteEvents
      delete from live_events where created_at < $1 and id = any(array(
        select id from live_events where id < (select max(id) from live_events) order by id limit $2
      ))`,
      [before, limit],
    );
  }
}
