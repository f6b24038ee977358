import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { ErasureResponse, ErasuresQuery } from './erasures.dto.js';

export type ErasureFilter = Pick<ErasuresQuery, 'personId' | 'status'>;
export type Obstacle = 'legal_hold' | 'students_assigned' | 'admin_last';

export interface DueErasure {
  readonly tenantId: string;
  readonly id: string;
}

/** One that runs. */
export interface RunningErasure extends DueErasure {
  readonly personId: string;
  readonly startedAt: string;
  /** Null: all is still to be done; else it was done once, and is to be done once more for what came in late. */
  readonly step: string | null;
  /** Names, addresses and numbers that are looked for in texts. */
  readonly sought: readonly string[];
}

const columns = `e.id, e.person_id as "personId", e.requested_by as "requestedBy", e.reason, e.status,
  e.held_by as "heldBy", e.created_at as "createdAt", e.due_at as "dueAt", e.started_at as "startedAt",
  e.finished_at as "finishedAt", e.cancelled_at as "cancelledAt"`;
const isMeant = 'e.tenant_id = $1 and ($2::uuid is null or e.person_id = $2) and ($3::text is null or e.status = $3)';

/** Who is to be forgotten, and how far that is. */
@Injectable()
export class ErasuresRepository {
  constructor(private readonly database: Database) {}

  /** The newest first; `after` is the time and id of the last of the page before. */
  list(
    tenantId: string,
    { personId, status }: ErasureFilter,
    { limit, offset, after }: Position,
  ): Promise<ErasureResponse[]> {
    return this.database.many<ErasureResponse>(
      `-- privacy.listErasures
      select ${columns} from erasures e
      where ${isMeant} and ($4::timestamptz is null or (e.created_at, e.id) < ($4, $5::uuid))
      order by e.created_at desc, e.id desc limit $6 offset $7`,
      [tenantId, personId ?? null, status ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string, { personId, status }: ErasureFilter): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- privacy.countErasures
      select count(*) as count from erasures e where ${isMeant}`,
      [tenantId, personId ?? null, status ?? null],
    );
    return count;
  }

  find(tenantId: string, id: string): Promise<ErasureResponse | null> {
    return this.database.maybeOne<ErasureResponse>(
      `-- privacy.findErasure
      select ${columns} from erasures e where e.tenant_id = $1 and e.id = $2`,
      [tenantId, id],
    );
  }

  /** Of a person, unless it was cancelled. */
  findOf(tenantId: string, personId: string): Promise<ErasureResponse | null> {
    return this.database.maybeOne<ErasureResponse>(
      `-- privacy.findErasureOf
      select ${columns} from erasures e where e.tenant_id = $1 and e.person_id = $2 and e.status <> 'cancelled'`,
      [tenantId, personId],
    );
  }

  async isErased(tenantId: string, personId: string): Promise<boolean> {
    const { erased } = await this.database.one<{ erased: boolean }>(
      `-- privacy.isErased
      select exists (
        select from users where tenant_id = $1 and id = $2 and erased_at is not null
      ) as erased`,
      [tenantId, personId],
    );
    return erased;
  }

  async waitingDays(tenantId: string): Promise<number> {
    const { days } = await this.database.one<{ days: number }>(
      `-- privacy.findWaitingDays
      select erasure_waiting_days as days from tenants where id = $1`,
      [tenantId],
    );
    return days;
  }

  async insert(
    tenantId: string,
    erasure: Pick<ErasureResponse, 'id' | 'personId' | 'requestedBy' | 'reason'>,
    now: Date,
    dueAt: Date,
  ): Promise<void> {
    await this.database.run(
      `-- privacy.insertErasure
      insert into erasures (tenant_id, id, person_id, requested_by, reason, created_at, due_at)
      values ($1, $2, $3, $4, $5, $6, $7)`,
      [tenantId, erasure.id, erasure.personId, erasure.requestedBy, erasure.reason, now, dueAt],
    );
  }

  /** @returns false once it has begun */
  async cancel(tenantId: string, id: string, cancelledBy: string, now: Date): Promise<boolean> {
    const cancelled = await this.database.run(
      `-- privacy.cancelErasure
      update erasures set status = 'cancelled', cancelled_at = $4, cancelled_by = $3, held_by = null
      where tenant_id = $1 and id = $2 and status = 'waiting'`,
      [tenantId, id, cancelledBy, now],
    );
    return cancelled === 1;
  }

  /** Of all tenants: what is due, and what was begun; the oldest first. */
  listDue(now: Date, limit: number): Promise<DueErasure[]> {
    return this.database.many<DueErasure>(
      `-- privacy.listDueErasures
      select tenant_id as "tenantId", id from erasures
      where status in ('waiting', 'running') and due_at <= $1 order by due_at, id limit $2`,
      [now, limit],
    );
  }

  /** Until the transaction ends nobody begins or cancels it. @returns null for one that is over or not due */
  lockDue(
    tenantId: string,
    id: string,
    now: Date,
  ): Promise<{ status: 'waiting' | 'running'; personId: string } | null> {
    return this.database.maybeOne<{ status: 'waiting' | 'running'; personId: string }>(
      `-- privacy.lockDueErasure
      select status, person_id as "personId" from erasures
      where tenant_id = $1 and id = $2 and status in ('waiting', 'running') and due_at <= $3 for update`,
      [tenantId, id, now],
    );
  }

  async hold(tenantId: string, id: string, heldBy: Obstacle): Promise<void> {
    await this.database.run(
      `-- privacy.holdErasure
      update erasures set held_by = $3 where tenant_id = $1 and id = $2 and status = 'waiting'`,
      [tenantId, id, heldBy],
    );
  }

  async begin(tenantId: string, id: string, sought: readonly string[], now: Date): Promise<void> {
    await this.database.run(
      `-- privacy.beginErasure
      update erasures set status = 'running', started_at = $4, held_by = null, sought = $3
      where tenant_id = $1 and id = $2 and status = 'waiting'`,
      [tenantId, id, JSON.stringify(sought), now],
    );
  }

  findRunning(tenantId: string, id: string): Promise<RunningErasure | null> {
    return this.database.maybeOne<RunningErasure>(
      `-- privacy.findRunningErasure
      select tenant_id as "tenantId", id, person_id as "personId", started_at as "startedAt", step, sought
      from erasures where tenant_id = $1 and id = $2 and status = 'running'`,
      [tenantId, id],
    );
  }

  async recordStep(tenantId: string, id: string, step: string): Promise<void> {
    await this.database.run(
      `-- privacy.recordErasureStep
      update erasures set step = $3 where tenant_id = $1 and id = $2 and status = 'running'`,
      [tenantId, id, step],
    );
  }

  /** With nothing personal left in it. @returns false where another worker has finished it */
  async finish(tenantId: string, id: string, now: Date): Promise<boolean> {
    const finished = await this.database.run(
      `-- privacy.finishErasure
      update erasures set status = 'done', finished_at = $3, sought = null, reason = ''
      where tenant_id = $1 and id = $2 and status = 'running'`,
      [tenantId, id, now],
    );
    return finished === 1;
  }

  /** Whether anything must be kept, of these people or of everybody. Nobody places a hold until the transaction ends. */
  async isHeld(tenantId: string, personIds: readonly string[], firmly: boolean): Promise<boolean> {
    if (firmly) await this.database.run('-- privacy.lockHolds\nlock table legal_holds in share mode');
    const { held } = await this.database.one<{ held: boolean }>(
      `-- privacy.isHeld
      select exists (
        select from legal_holds
        where tenant_id = $1 and lifted_at is null and (person_id is null or person_id = any ($2::uuid[]))
      ) as held`,
      [tenantId, personIds],
    );
    return held;
  }

  /** The person, and duplicates that were found to be the person. */
  async listIds(tenantId: string, personId: string): Promise<string[]> {
    const { ids } = await this.database.one<{ ids: string[] }>(
      `-- privacy.listIdsOfPerson
      select array(
        select id::text from users where tenant_id = $1 and (id = $2 or merged_into_id = $2) order by id <> $2, id
      ) as ids`,
      [tenantId, personId],
    );
    return ids;
  }
}
