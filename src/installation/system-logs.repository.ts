import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { SystemLogEntry } from './system-logs.dto.js';

/** A line as it is kept. */
export interface KeptLine {
  readonly id: string;
  readonly at: string;
  readonly level: string;
  readonly category: string;
  readonly message: string;
  readonly code: string | null;
  readonly error: string | null;
  readonly stack: string | null;
  readonly details: object;
  readonly request_id: string | null;
  readonly trace_id: string | null;
  readonly tenant_id: string | null;
  readonly duration_seconds: number | null;
  readonly memory_bytes: number | null;
}

export interface LineFilter {
  readonly levels: readonly string[] | null;
  readonly category: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly code: string | null;
  readonly text: string | null;
}

@Injectable()
export class SystemLogsRepository {
  constructor(private readonly database: Database) {}

  async insert(host: string, lines: readonly KeptLine[]): Promise<void> {
    await this.database.run(
      `-- system_log.insert
      insert into system_logs (id, at, level, category, message, code, error, stack, details, request_id, trace_id,
        tenant_id, duration_seconds, memory_bytes, host)
      select id, at, level, category, message, code, error, stack, details, request_id, trace_id, tenant_id,
        duration_seconds, memory_bytes, $1
      from jsonb_to_recordset($2::jsonb) as line (
        id uuid, at timestamptz, level text, category text, message text, code text, error text, stack text, details jsonb,
        request_id text, trace_id text, tenant_id uuid, duration_seconds double precision, memory_bytes bigint)
      on conflict (id) do nothing`,
      [host, JSON.stringify(lines)],
    );
  }

  /** The latest first. */
  list(
    filter: LineFilter,
    {
      limit,
      offset,
      after,
    }: { readonly limit: number; readonly offset: number; readonly after: readonly [unknown, unknown] | null },
  ): Promise<SystemLogEntry[]> {
    const { levels, category, from, to, requestId, traceId, code, text } = filter;
    return this.database.many<SystemLogEntry>(
      `-- system_log.list
      select id, at, level, category, message, code, error, stack, details, request_id as "requestId",
        trace_id as "traceId", tenant_id as "tenantId", duration_seconds as "durationSeconds",
        memory_bytes as "memoryBytes", host
      from system_logs
      where ($1::text[] is null or level = any ($1)) and ($2::text is null or category = $2)
        and ($3::timestamptz is null or at >= $3) and ($4::timestamptz is null or at < $4)
        and ($5::text is null or request_id = $5) and ($6::text is null or trace_id = $6)
        and ($7::text is null or code = $7)
        and ($8::text is null or strpos(lower(message || ' ' || coalesce(error, '') || ' ' || details), lower($8)) > 0)
        and ($9::timestamptz is null or (at, id) < ($9, $10::uuid))
      order by at desc, id desc limit $11 offset $12`,
      [
        levels,
        category,
        from,
        to,
        requestId,
        traceId,
        code,
        text,
        after?.[0] ?? null,
        after?.[1] ?? null,
        limit,
        offset,
      ],
    );
  }

  /** Of an organisation by its own setting, of the installation by that of the installation. @returns how many */
  deleteOld(now: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- system_log.deleteOld
      delete from system_logs where ctid = any (array(
        select l.ctid from system_logs l
        left join tenants t on t.id = coalesce(l.tenant_id, '00000000-0000-0000-0000-000000000000')
        where l.at < $1::timestamptz - make_interval(days => coalesce(t.system_log_retention_days, 0))
        limit $2
      ))`,
      [now, limit],
    );
  }
}
