import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { catalogue } from './catalogue.js';
import { erasedName, erasedText, type Erasing, type Place } from './place.js';

/** What takes longer than a request may. */
const statementSeconds = 120;

const conditionOf = ({ of = [], where }: Erasing): string =>
  where ?? `(${of.map((column) => `t.${column} = any ($2::uuid[])`).join(' or ')})`;

/** Rows go, or columns are set, where that has not been done. */
function erasingOf(table: string, erasing: Erasing): string {
  const condition = `t.tenant_id = $1 and ${conditionOf(erasing)}`;
  if (!erasing.sets) return `-- privacy.deleteRows\ndelete from ${table} t where ${condition}`;
  const sets = Object.entries(erasing.sets);
  return `-- privacy.clearColumns
    update ${table} t set ${sets.map(([column, sql]) => `${column} = ${sql}`).join(', ')}
    where ${condition} and (${sets.map(([column, sql]) => `t.${column} is distinct from ${sql}`).join(' or ')})`;
}

/** `$2` is the pattern, `$3` what comes in its place. */
function rewritingOf({ table, mentions = {} }: Place): string {
  const columns = Object.entries(mentions);
  const text = (column: string, type: string): string => (type === 'text' ? `t.${column}` : `t.${column}::text`);
  const rewritten = ([column, type]: readonly [string, string]): string => {
    const replaced = `regexp_replace(${text(column, type)}, $2, $3, 'gi')`;
    // names of segments are unique
    if (table === 'segments' && column === 'name') return `name = ${replaced} || ' ' || right(t.id::text, 6)`;
    return `${column} = ${replaced}${type === 'text' ? '' : `::${type}`}`;
  };
  return `-- privacy.rewriteMentions
    update ${table} t set ${columns.map(rewritten).join(', ')}
    where t.tenant_id = $1 and (${columns.map(([column, type]) => `${text(column, type)} ~* $2`).join(' or ')})`;
}

const erasings = catalogue.flatMap(({ table, erases = [] }) => erases.map((one) => erasingOf(table, one)));
const rewritings = catalogue.filter(({ mentions }) => mentions).map(rewritingOf);

/** What an erasure does to rows. Each of it can be done again, and then finds nothing to do. */
@Injectable()
export class ErasingRepository {
  constructor(private readonly database: Database) {}

  /** Comes first: whoever sends sessions waits for this, and finds that the student has gone. */
  async lockProgress(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.database.run(
      `-- privacy.lockProgress
      select student_id from student_progress where tenant_id = $1 and student_id = any ($2::uuid[])
      order by student_id for no key update`,
      [tenantId, ids],
    );
  }

  /**
   * Everything that these people are called, also folded. A name that somebody else has as well is none to look for in
   * what others wrote.
   */
  async listSought(tenantId: string, ids: readonly string[]): Promise<string[]> {
    const { sought } = await this.database.one<{ sought: string[] }>(
      `-- privacy.listSought
      with own as (
        select * from users where tenant_id = $1 and id = any ($2::uuid[])
      ), called as (
        select name as text from own where not exists (
          select from users o where o.tenant_id = $1 and fold(o.name) = fold(own.name) and o.id <> all ($2::uuid[])
        )
        union select unnest(array[email, pid, phone, avatar_url]) from own
        union select employee_id from instructor_profiles where tenant_id = $1 and user_id = any ($2::uuid[])
        union select subject from user_identities where tenant_id = $1 and user_id = any ($2::uuid[])
      )
      select coalesce(array_agg(distinct text), '{}') as sought
      from (select text from called union select fold(text) from called) both_ways where text is not null`,
      [tenantId, ids],
    );
    return sought;
  }

  /** The rows of these people become tombstones; what the audit says of them can no longer be read. */
  async bury(tenantId: string, ids: readonly string[], now: Date): Promise<void> {
    await this.database.run(
      `-- privacy.forgetBounces
      delete from bounces b using users u
      where b.tenant_id = $1 and u.tenant_id = $1 and u.id = any ($2::uuid[]) and b.address = u.email`,
      [tenantId, ids],
    );
    await this.database.run(
      `-- privacy.forgetKeys
      delete from person_keys where tenant_id = $1 and person_id = any ($2::uuid[])`,
      [tenantId, ids],
    );
    await this.database.run(
      `-- privacy.bury
      update users
      set name = $4, email = null, pid = null, rank = null, phone = null, avatar_url = null, password_hash = null,
        is_active = false, erased_at = $3, version = version + 1
      where tenant_id = $1 and id = any ($2::uuid[]) and erased_at is null`,
      [tenantId, ids, now, erasedName],
    );
  }

  /** By the catalogue, table after table, each in a transaction of its own. @returns how many rows */
  async eraseRows(tenantId: string, ids: readonly string[], signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const sql of erasings) {
      signal.throwIfAborted();
      count += await this.permitted(tenantId, () => this.database.run(sql, [tenantId, ids]));
    }
    return count;
  }

  /** In all texts that name people. @param pattern a regular expression of PostgreSQL @returns how many rows */
  async rewriteMentions(tenantId: string, pattern: string, signal: AbortSignal): Promise<number> {
    let count = 0;
    for (const sql of rewritings) {
      signal.throwIfAborted();
      count += await this.permitted(tenantId, () => this.database.run(sql, [tenantId, pattern, erasedName]));
    }
    return count;
  }

  /** What they wrote is no longer there, and what stood for them in what others wrote. */
  async clearMessages(tenantId: string, ids: readonly string[]): Promise<void> {
    const work = async (): Promise<void> => {
      await this.database.run(
        `-- privacy.clearSubjects
        update threads t set subject = ''
        where t.tenant_id = $1 and t.subject <> '' and exists (
          select from message_recipients r join messages m on m.tenant_id = $1 and m.id = r.message_id
          where r.tenant_id = $1 and r.thread_id = t.id and m.thread_id is null and m.sender_id = any ($2::uuid[])
        )`,
        [tenantId, ids],
      );
      await this.database.run(
        `-- privacy.clearVariables
        update message_recipients r set variables = case when r.user_id = any ($2::uuid[]) then '{}'::jsonb end
        from messages m
        where r.tenant_id = $1 and m.tenant_id = $1 and m.id = r.message_id and r.variables is not null
          and (r.user_id = any ($2::uuid[]) or m.sender_id = any ($2::uuid[]))`,
        [tenantId, ids],
      );
      await this.database.run(
        `-- privacy.clearMessages
        update messages m
        set subject = '', body = $3, words = fold($3), html = null, content_type = 'text', attachments = '[]', error = null,
          status = case when m.status in ('draft', 'scheduled') then 'cancelled' else m.status end, version = m.version + 1
        where m.tenant_id = $1 and m.sender_id = any ($2::uuid[]) and m.body <> $3`,
        [tenantId, ids, erasedText],
      );
    };
    await this.database.transaction(work, { statementSeconds });
  }

  /**
   * What was written to them alone, and the answer that its writer got.
   * @param words of their names, as a regular expression
   */
  async rewriteLetters(tenantId: string, ids: readonly string[], words: string): Promise<void> {
    const work = async (): Promise<void> => {
      await this.database.run(
        `-- privacy.rewriteLetters
        update messages m
        set subject = regexp_replace(m.subject, $3, $4, 'gi'), body = regexp_replace(m.body, $3, $4, 'gi'),
          html = regexp_replace(m.html, $3, $4, 'gi'), words = fold(regexp_replace(m.body, $3, $4, 'gi'))
        where m.tenant_id = $1 and (m.subject ~* $3 or m.body ~* $3)
          and m.id in (select message_id from message_recipients where tenant_id = $1 and user_id = any ($2::uuid[]))
          and not exists (
            select from message_recipients o
            where o.tenant_id = $1 and o.message_id = m.id and o.user_id <> all ($2::uuid[])
          )`,
        [tenantId, ids, words, erasedName],
      );
      await this.database.run(
        `-- privacy.rewriteAnswers
        update idempotency_keys i set body = regexp_replace(i.body, $3, $4, 'gi')
        from (
          select r.message_id::text as id from message_recipients r
          where r.tenant_id = $1 and r.user_id = any ($2::uuid[]) and not exists (
            select from message_recipients o
            where o.tenant_id = $1 and o.message_id = r.message_id and o.user_id <> all ($2::uuid[])
          )
        ) letter
        where i.tenant_id = $1 and i.body ~* $3 and letter.id = substring(i.body from '"id":"([0-9a-f-]{36})"')`,
        [tenantId, ids, words, erasedName],
      );
    };
    await this.database.transaction(work, { statementSeconds });
  }

  /** Reports that they get, and those that others send them. */
  async endSchedules(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.database.run(
      `-- privacy.deleteSchedules
      delete from report_schedules where tenant_id = $1 and owner_id = any ($2::uuid[])`,
      [tenantId, ids],
    );
    await this.database.run(
      `-- privacy.leaveSchedules
      update report_schedules
      set recipients = array(select one from unnest(recipients) as one where one <> all ($2::uuid[]))
      where tenant_id = $1 and recipients && $2::uuid[]`,
      [tenantId, ids],
    );
  }

  /** Reports and access files of the organisation that were written, or begun, before the person was erased. */
  async closeFiles(tenantId: string, before: string): Promise<void> {
    const why = 'Somebody was erased meanwhile. Ask again.';
    await this.database.run(
      `-- privacy.closeReports
      update report_files
      set status = case when status = 'ready' then 'expired' else 'failed' end, position = null,
        error = case when status <> 'ready' then $3 end, finished_at = coalesce(finished_at, $2)
      where tenant_id = $1 and created_at <= $2 and (status in ('ready', 'running') or (status = 'queued' and parts > 0))`,
      [tenantId, before, why],
    );
    await this.database.run(
      `-- privacy.forgetPositions
      update report_files set position = null
      where tenant_id = $1 and created_at <= $2 and position is not null
        and status in ('failed', 'cancelled', 'expired')`,
      [tenantId, before],
    );
    await this.database.run(
      `-- privacy.closeAccessFiles
      update access_requests
      set status = case when status = 'ready' then 'expired' else 'failed' end,
        error = case when status <> 'ready' then $3 end, finished_at = coalesce(finished_at, $2)
      where tenant_id = $1 and created_at <= $2 and status in ('ready', 'running')`,
      [tenantId, before, why],
    );
  }

  /** Of those that are closed. @returns how many; fewer than `limit`: the last. Each is up to a megabyte */
  async deleteParts(tenantId: string, limit: number): Promise<number> {
    const reports = await this.database.run(
      `-- privacy.deleteReportParts
      delete from report_parts p
      using (
        select q.file_id, q.number from report_files f
        join report_parts q on q.tenant_id = $1 and q.file_id = f.id
        where f.tenant_id = $1 and f.parts > 0 and f.status in ('failed', 'cancelled', 'expired') limit $2
      ) over
      where p.tenant_id = $1 and p.file_id = over.file_id and p.number = over.number`,
      [tenantId, limit],
    );
    const access = await this.database.run(
      `-- privacy.deletePartsOfTenant
      delete from access_request_parts p
      using (
        select q.request_id, q.format, q.number from access_requests r
        join access_request_parts q on q.tenant_id = $1 and q.request_id = r.id
        where r.tenant_id = $1 and r.parts > 0 and r.status in ('failed', 'cancelled', 'expired') limit $2
      ) over
      where p.tenant_id = $1 and p.request_id = over.request_id and p.format = over.format and p.number = over.number`,
      [tenantId, limit],
    );
    return Math.max(reports, access);
  }

  /** Rows of histories that are otherwise never changed let go of their texts. */
  private permitted(tenantId: string, work: () => Promise<number>): Promise<number> {
    const inside = async (): Promise<number> => {
      await this.database.run(`-- privacy.permit\nselect set_config('app.erasing_tenant', $1, true)`, [tenantId]);
      return work();
    };
    return this.database.transaction(inside, { statementSeconds });
  }
}
