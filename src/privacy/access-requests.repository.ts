import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { AccessFormat, AccessRequestResponse, AccessRequestsQuery, AccessStatus } from './access-requests.dto.js';

/** Whose requests: of everybody, or about one person. */
export type AccessFilter = Pick<AccessRequestsQuery, 'personId' | 'status'>;

/** Where a writer goes on: after this row of this section, of the person or of a duplicate of theirs. */
export interface AccessPosition {
  readonly section: number;
  readonly person: number;
  readonly after: readonly string[] | null;
  /** Whether a row of this section is written already. */
  readonly isBegun: boolean;
}

export interface BegunRequest {
  readonly id: string;
  readonly tenantId: string;
  readonly personId: string;
  readonly createdAt: string;
  readonly attempts: number;
  readonly rows: number;
  readonly position: AccessPosition | null;
}

export interface NewAccessParts {
  readonly contents: Readonly<Record<AccessFormat, Buffer>>;
  /** Of the contents as they are sent. */
  readonly bytes: Readonly<Record<AccessFormat, number>>;
  readonly position: AccessPosition;
  readonly rows: number;
  /** With the last ones: until when they are kept; null for others. */
  readonly expiresAt: Date | null;
}

export interface AccessFile {
  readonly personId: string;
  readonly status: AccessStatus;
  readonly createdAt: string;
  readonly jsonBytes: number;
  readonly htmlBytes: number;
}

const statusAt = (now: string): string =>
  `case when r.status = 'ready' and r.expires_at <= ${now} then 'expired' else r.status end`;
const columns = `r.id, r.person_id as "personId", r.requested_by as "requestedBy", ${statusAt('$2')} as status, r.rows,
  r.error, r.created_at as "createdAt", r.finished_at as "finishedAt", r.expires_at as "expiresAt"`;
/** Whoever began it last, while nobody has cancelled it. */
const ownsRequest = `tenant_id = $1 and id = $2 and attempts = $3 and status = 'running'`;
const isMeant = `r.tenant_id = $1 and ($3::uuid is null or r.person_id = $3) and ($4::text is null or ${statusAt('$2')} = $4)`;

@Injectable()
export class AccessRequestsRepository {
  constructor(private readonly database: Database) {}

  /** The newest first; `after` is the time and id of the last of the page before. */
  list(
    tenantId: string,
    { personId, status }: AccessFilter,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<AccessRequestResponse[]> {
    return this.database.many<AccessRequestResponse>(
      `-- privacy.listAccessRequests
      select ${columns} from access_requests r
      where ${isMeant} and ($5::timestamptz is null or (r.created_at, r.id) < ($5, $6::uuid))
      order by r.created_at desc, r.id desc limit $7 offset $8`,
      [tenantId, now, personId ?? null, status ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string, { personId, status }: AccessFilter, now: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- privacy.countAccessRequests
      select count(*) as count from access_requests r where ${isMeant}`,
      [tenantId, now, personId ?? null, status ?? null],
    );
    return count;
  }

  find(tenantId: string, id: string, now: Date): Promise<AccessRequestResponse | null> {
    return this.database.maybeOne<AccessRequestResponse>(
      `-- privacy.findAccessRequest
      select ${columns} from access_requests r where r.tenant_id = $1 and r.id = $3`,
      [tenantId, now, id],
    );
  }

  /** @returns its id, or that of the one about the same person that is not finished */
  async insert(
    tenantId: string,
    request: { readonly id: string; readonly personId: string; readonly requestedBy: string },
    now: Date,
  ): Promise<string> {
    const { id } = await this.database.one<{ id: string }>(
      `-- privacy.insertAccessRequest
      with made as (
        insert into access_requests (tenant_id, id, person_id, requested_by, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict (tenant_id, person_id) where status in ('queued', 'running') do nothing
        returning id
      )
      select id from made
      union all
      select id from access_requests
      where tenant_id = $1 and person_id = $3 and status in ('queued', 'running') and not exists (select from made)`,
      [tenantId, request.id, request.personId, request.requestedBy, now],
    );
    return id;
  }

  /** Until the transaction ends nobody else asks for the same person. */
  async lock(tenantId: string, personId: string): Promise<void> {
    await this.database.run(
      `-- privacy.lockAccessRequests
      select pg_advisory_xact_lock(hashtextextended('access request ' || $1 || ' ' || $2, 0))`,
      [tenantId, personId],
    );
  }

  /** @returns false for one that is over */
  async cancel(tenantId: string, id: string, now: Date): Promise<boolean> {
    const cancelled = await this.database.run(
      `-- privacy.cancelAccessRequest
      update access_requests set status = 'cancelled', finished_at = $3
      where tenant_id = $1 and id = $2 and status in ('queued', 'running')`,
      [tenantId, id, now],
    );
    return cancelled === 1;
  }

  /** @returns null for one that is over */
  begin(tenantId: string, id: string, now: Date): Promise<BegunRequest | null> {
    return this.database.maybeOne<BegunRequest>(
      `-- privacy.beginAccessRequest
      update access_requests
      set status = 'running', attempts = attempts + 1, started_at = coalesce(started_at, $3)
      where tenant_id = $1 and id = $2 and status in ('queued', 'running')
      returning id, tenant_id as "tenantId", person_id as "personId", created_at as "createdAt", attempts, rows, position`,
      [tenantId, id, now],
    );
  }

  /** With how far they reach, in one statement. @returns false: it is no longer this attempt's to write */
  async storeParts(
    tenantId: string,
    { id, attempts }: Pick<BegunRequest, 'id' | 'attempts'>,
    parts: NewAccessParts,
    now: Date,
  ): Promise<boolean> {
    const stored = await this.database.run(
      `-- privacy.storeAccessParts
      with request as (
        update access_requests
        set position = $4, rows = $5, json_bytes = json_bytes + $6, html_bytes = html_bytes + $7, parts = parts + 1,
          status = case when $8::timestamptz is null then status else 'ready' end,
          finished_at = case when $8::timestamptz is null then null else $9::timestamptz end, expires_at = $8
        where ${ownsRequest}
        returning id, parts - 1 as number
      )
      insert into access_request_parts (tenant_id, request_id, format, number, content)
      select $1::uuid, id, part.format, number, part.content
      from request cross join (values ('json', $10::bytea), ('html', $11::bytea)) as part (format, content)`,
      [
        tenantId, id, attempts, JSON.stringify(parts.position), parts.rows, parts.bytes.json, parts.bytes.html,
        parts.expiresAt, now, parts.contents.json, parts.contents.html,
      ],
    ); // prettier-ignore
    return stored > 0;
  }

  async fail(
    tenantId: string,
    { id, attempts }: Pick<BegunRequest, 'id' | 'attempts'>,
    error: string,
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- privacy.failAccessRequest
      update access_requests set status = 'failed', error = $4, finished_at = $5 where ${ownsRequest}`,
      [tenantId, id, attempts, error, now],
    );
  }

  findFile(tenantId: string, id: string, now: Date): Promise<AccessFile | null> {
    return this.database.maybeOne<AccessFile>(
      `-- privacy.findAccessFile
      select r.person_id as "personId", ${statusAt('$2')} as status, r.created_at as "createdAt",
        r.json_bytes as "jsonBytes", r.html_bytes as "htmlBytes"
      from access_requests r where r.tenant_id = $1 and r.id = $3`,
      [tenantId, now, id],
    );
  }

  /** The part after that number; null: there is none. */
  findPartAfter(
    tenantId: string,
    id: string,
    format: AccessFormat,
    number: number,
  ): Promise<{ number: number; content: Buffer } | null> {
    return this.database.maybeOne<{ number: number; content: Buffer }>(
      `-- privacy.findAccessPart
      select number, content from access_request_parts
      where tenant_id = $1 and request_id = $2 and format = $3 and number > $4
      order by number limit 1`,
      [tenantId, id, format, number],
    );
  }

  /** Of all tenants: what is over time, and what no worker has finished since `lostBefore`. @returns how many */
  expire(now: Date, lostBefore: Date): Promise<number> {
    return this.database.run(
      `-- privacy.expireAccessFiles
      update access_requests
      set status = case when status = 'ready' then 'expired' else 'failed' end, finished_at = coalesce(finished_at, $1),
        error = case when status <> 'ready' then 'It was begun several times and never finished. Ask again.' end
      where (status = 'ready' and expires_at <= $1) or (status in ('queued', 'running') and created_at < $2)`,
      [now, lostBefore],
    );
  }

  /** Of all tenants, of requests that are over. @returns how many were deleted; fewer than `limit`: the last */
  deleteParts(limit: number): Promise<number> {
    return this.database.run(
      `-- privacy.deleteAccessParts
      delete from access_request_parts p
      using (
        select q.tenant_id, q.request_id, q.format, q.number
        from access_requests r join access_request_parts q on q.tenant_id = r.tenant_id and q.request_id = r.id
        where r.parts > 0 and r.status in ('failed', 'cancelled', 'expired') limit $1
      ) over
      where p.tenant_id = over.tenant_id and p.request_id = over.request_id and p.format = over.format
        and p.number = over.number`,
      [limit],
    );
  }

  async recordEmptied(): Promise<void> {
    await this.database.run(
      `-- privacy.recordEmptied
      update access_requests r set parts = 0
      where r.parts > 0 and r.status in ('failed', 'cancelled', 'expired') and not exists (
        select from access_request_parts p where p.tenant_id = r.tenant_id and p.request_id = r.id
      )`,
    );
  }
}
