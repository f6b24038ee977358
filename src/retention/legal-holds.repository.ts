import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { LegalHoldResponse, LegalHoldsQuery, PlaceLegalHold } from './legal-holds.dto.js';

const columns = `h.id, h.category, h.person_id as "personId", h.reason,
  case when h.lifted_at is null then 'active' else 'lifted' end as state, h.placed_by as "placedBy",
  h.placed_at as "placedAt", h.lifted_by as "liftedBy", h.lifted_at as "liftedAt"`;
/** By `$2` the state and `$3` the person. */
const wanted = `h.tenant_id = $1 and ($2::text is null or (h.lifted_at is null) = ($2 = 'active'))
  and ($3::uuid is null or h.person_id = $3 or h.person_id is null)`;

type Filter = Pick<LegalHoldsQuery, 'state' | 'personId'>;

@Injectable()
export class LegalHoldsRepository {
  constructor(private readonly database: Database) {}

  /** What was placed last comes first. */
  list(
    tenantId: string,
    { state, personId }: Filter,
    { limit, offset, after }: Position,
  ): Promise<LegalHoldResponse[]> {
    return this.database.many<LegalHoldResponse>(
      `-- retention.listHolds
      select ${columns} from legal_holds h
      where ${wanted} and ($4::timestamptz is null or (h.placed_at, h.id) < ($4, $5::uuid))
      order by h.placed_at desc, h.id desc limit $6 offset $7`,
      [tenantId, state ?? null, personId ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string, { state, personId }: Filter): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- retention.countHolds
      select count(*) as count from legal_holds h where ${wanted}`,
      [tenantId, state ?? null, personId ?? null],
    );
    return count;
  }

  /** Waits for months that are just being dropped, and none is before the transaction ends. */
  async lockOut(): Promise<void> {
    await this.database.run(`-- retention.lockHoldsShared
      select pg_advisory_xact_lock_shared(hashtext('legal holds'))`);
  }

  /** Nobody else lifts it until the transaction ends. */
  lock(tenantId: string, id: string): Promise<LegalHoldResponse | null> {
    return this.database.maybeOne<LegalHoldResponse>(
      `-- retention.lockHold
      select ${columns} from legal_holds h where h.tenant_id = $1 and h.id = $2 for update`,
      [tenantId, id],
    );
  }

  insert(
    tenantId: string,
    id: string,
    { category, personId, reason }: PlaceLegalHold,
    placed: { readonly by: string; readonly at: Date },
  ): Promise<LegalHoldResponse> {
    return this.database.one<LegalHoldResponse>(
      `-- retention.insertHold
      insert into legal_holds as h (tenant_id, id, category, person_id, reason, placed_by, placed_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      returning ${columns}`,
      [tenantId, id, category ?? null, personId ?? null, reason, placed.by, placed.at],
    );
  }

  lift(tenantId: string, id: string, lifted: { readonly by: string; readonly at: Date }): Promise<LegalHoldResponse> {
    return this.database.one<LegalHoldResponse>(
      `-- retention.liftHold
      update legal_holds h set lifted_by = $3, lifted_at = $4 where h.tenant_id = $1 and h.id = $2
      returning ${columns}`,
      [tenantId, id, lifted.by, lifted.at],
    );
  }

  /** Who takes somebody's place is held as they are; what stays under the old name is held as before. */
  async extend(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- retention.extendHolds
      insert into legal_holds (tenant_id, id, category, person_id, reason, placed_by, placed_at)
      select tenant_id, gen_random_uuid(), category, $3, reason, placed_by, placed_at
      from legal_holds where tenant_id = $1 and person_id = $2 and lifted_at is null`,
      [tenantId, fromId, intoId],
    );
  }
}
