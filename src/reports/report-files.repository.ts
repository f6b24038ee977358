import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { rostersOf, scopeOf } from '../students/student-filter.js';
import type { ReportFormat, ReportKindName } from './report-kind.js';
import type { ReportOptions } from './report-options.js';
import type { ReportStatus } from './reports.dto.js';

/** What a file is of; equal ones have equal digests. */
export interface FileContent {
  readonly kind: ReportKindName;
  readonly format: ReportFormat;
  readonly options: ReportOptions;
  readonly filter: object;
  readonly viewer: Viewer;
}

export interface ReportFile extends FileContent {
  readonly id: string;
  readonly tenantId: string;
  readonly asOf: string;
}

/** By whom it was written last. */
export interface WrittenFile extends Pick<ReportFile, 'tenantId' | 'id'> {
  readonly attempts: number;
}

export interface FailedFile {
  readonly tenantId: string;
  readonly fileId: string;
  readonly reportIds: readonly string[];
}

/** A file that is being written. */
export interface BegunFile extends ReportFile, WrittenFile {
  readonly position: string | null;
  readonly rows: number;
}

export interface StoredFile extends ReportFile {
  readonly status: ReportStatus;
  readonly rows: number;
  readonly bytes: number;
  readonly expiresAt: string | null;
}

export interface NewPart {
  readonly content: Buffer;
  /** Of the content as it is sent. */
  readonly bytes: number;
  /** Rows so far, and where to go on reading. */
  readonly rows: number;
  readonly position: string | null;
  /** Per cent. */
  readonly progress: number;
  /** Of the last part: when the file is no longer kept; null for others. */
  readonly expiresAt: Date | null;
}

export interface StoredPart {
  readonly number: number;
  readonly content: Buffer;
}

const columns = `f.id, f.tenant_id as "tenantId", f.kind, f.format, f.options, f.filter, f.viewer, f.as_of as "asOf"`;
/** Whoever began a file last, while nobody has cancelled it. */
const ownsFile = `tenant_id = $1 and id = $2 and attempts = $3 and status = 'running'`;

@Injectable()
export class ReportFilesRepository {
  constructor(private readonly database: Database) {}

  /** One that is still to be finished, kept from finishing until the transaction ends. */
  async findUnfinished(tenantId: string, digest: string): Promise<string | null> {
    const file = await this.database.maybeOne<{ id: string }>(
      `-- reports.findUnfinished
      select id from report_files where tenant_id = $1 and digest = $2 and status in ('queued', 'running') for share`,
      [tenantId, digest],
    );
    return file?.id ?? null;
  }

  async insert(tenantId: string, file: FileContent & { id: string; digest: string }, now: Date): Promise<void> {
    await this.database.run(
      `-- reports.insertFile
      insert into report_files (tenant_id, id, digest, kind, format, options, viewer, filter, as_of, created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
      [
        tenantId, file.id, file.digest, file.kind, file.format, JSON.stringify(file.options),
        JSON.stringify(file.viewer), JSON.stringify(file.filter), now,
      ],
    ); // prettier-ignore
  }

  /** Whose rows a viewer sees, in words. */
  async findScopeName(tenantId: string, viewer: Viewer): Promise<string> {
    const scope = scopeOf(viewer);
    if (scope === 'tenant') return 'Whole organisation';
    const { name } = await this.database.one<{ name: string }>(
      `-- reports.findScopeName
      select coalesce(
        (select name from departments where tenant_id = $1 and id = $2),
        (select 'Roster of ' || name from users where tenant_id = $1 and id = $3), ''
      ) as name`,
      [tenantId, scope === 'departments' ? viewer.departmentId : null, viewer.userId],
    );
    return name;
  }

  /** Of what a filter is by: departments, modules, and instructors who are this viewer's to see. */
  listNames(viewer: Viewer, ids: readonly string[]): Promise<{ id: string; name: string }[]> {
    const scope = scopeOf(viewer);
    return this.database.many<{ id: string; name: string }>(
      `-- reports.listNames
      select id, name from departments where tenant_id = $1 and id = any ($2::uuid[])
      union all
      select id, title from modules where tenant_id = $1 and id = any ($2::uuid[])
      union all
      select i.id, i.name from users i
      join departments d on d.tenant_id = $1 and d.id = i.department_id
      where i.tenant_id = $1 and i.id = any ($2::uuid[]) and i.role = 'instructor'
        and ($3 or i.id = any ($4::uuid[]) or $5::uuid = any (d.path))`,
      [
        viewer.tenantId, ids, scope === 'tenant', rostersOf(viewer), scope === 'departments' ? viewer.departmentId : null,
      ],
    ); // prettier-ignore
  }

  /** @returns null for one that is over */
  begin(tenantId: string, id: string, occasion: string, now: Date): Promise<BegunFile | null> {
    return this.database.maybeOne<BegunFile>(
      `-- reports.beginFile
      update report_files f
      set status = 'running', attempts = f.attempts + 1, occasion = $3, started_at = coalesce(f.started_at, $4)
      where f.tenant_id = $1 and f.id = $2 and f.status in ('queued', 'running')
      returning ${columns}, f.attempts, f.position, f.rows`,
      [tenantId, id, occasion, now],
    );
  }

  /**
   * For a format that cannot go on where it was left, and whose parts are deleted.
   * @returns whether it is still to be written by this attempt
   */
  async clear(tenantId: string, { id, attempts }: BegunFile): Promise<boolean> {
    const count = await this.database.run(
      `-- reports.clearFile
      update report_files set position = null, rows = 0, bytes = 0, parts = 0, progress = 0 where ${ownsFile}`,
      [tenantId, id, attempts],
    );
    return count === 1;
  }

  async isHeld(tenantId: string, { id, attempts }: BegunFile): Promise<boolean> {
    const { held } = await this.database.one<{ held: boolean }>(
      `-- reports.isFileHeld
      select exists (select from report_files where ${ownsFile}) as held`,
      [tenantId, id, attempts],
    );
    return held;
  }

  /**
   * With how far it reaches, in one statement.
   * @returns per cent that were written before; null: it is no longer this attempt's to write
   */
  async storePart(tenantId: string, { id, attempts }: BegunFile, part: NewPart, now: Date): Promise<number | null> {
    const file = await this.database.maybeOne<{ before: number }>(
      `-- reports.storePart
      with held as (
        select progress as before from report_files where tenant_id = $1 and id = $2 for update
      ), file as (
        update report_files
        set position = $4, rows = $5, progress = $6, bytes = bytes + $7, parts = parts + 1, error = null,
          status = case when $8::timestamptz is null then status else 'ready' end,
          finished_at = case when $8::timestamptz is null then null else $9::timestamptz end, expires_at = $8
        from held
        where ${ownsFile}
        returning id, parts - 1 as number, before
      ), part as (
        insert into report_parts (tenant_id, file_id, number, content) select $1::uuid, id, number, $10::bytea from file
      )
      select before from file`,
      [
        tenantId, id, attempts, part.position, part.rows, part.progress, part.bytes, part.expiresAt, now, part.content,
      ],
    ); // prettier-ignore
    return file && file.before;
  }

  /** Waits for another attempt. What is stored stays. */
  async postpone(tenantId: string, { id, attempts }: BegunFile, error: string): Promise<void> {
    await this.database.run(
      `-- reports.postponeFile
      update report_files set status = 'queued', error = $4 where ${ownsFile}`,
      [tenantId, id, attempts, error],
    );
  }

  /** @returns false for one that is no longer this attempt's */
  async fail(tenantId: string, { id, attempts }: BegunFile, error: string, now: Date): Promise<boolean> {
    const failed = await this.database.run(
      `-- reports.failFile
      update report_files set status = 'failed', error = $4, finished_at = $5 where ${ownsFile}`,
      [tenantId, id, attempts, error, now],
    );
    return failed === 1;
  }

  async cancel(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- reports.cancelFile
      update report_files set status = 'cancelled', finished_at = $3
      where tenant_id = $1 and id = $2 and status in ('queued', 'running')`,
      [tenantId, id, now],
    );
  }

  /**
   * Of a file that is over, or that this attempt still writes: what a later one has stored is not this one's to delete.
   * @returns how many; fewer than `limit` when none is left. Each is up to a megabyte.
   */
  deleteParts(tenantId: string, { id, attempts }: WrittenFile, limit: number): Promise<number> {
    return this.database.run(
      `-- reports.deleteParts
      delete from report_parts where tenant_id = $1 and file_id = $2 and number in (
        select p.number from report_parts p
        join report_files f on f.tenant_id = $1 and f.id = $2 and f.attempts = $3 and f.status not in ('queued', 'ready')
        where p.tenant_id = $1 and p.file_id = $2 order by p.number limit $4
      )`,
      [tenantId, id, attempts, limit],
    );
  }

  /** Of files that are over, and so can no longer be had, those that have parts still. */
  listOver(limit: number): Promise<WrittenFile[]> {
    return this.database.many<WrittenFile>(
      `-- reports.listOverFiles
      select tenant_id as "tenantId", id, attempts from report_files
      where parts > 0 and status in ('failed', 'cancelled', 'expired') limit $1`,
      [limit],
    );
  }

  /** Once its parts are deleted. */
  async recordEmptied(tenantId: string, id: string): Promise<void> {
    await this.database.run(
      `-- reports.recordEmptied
      update report_files set parts = 0
      where tenant_id = $1 and id = $2 and status in ('failed', 'cancelled', 'expired')`,
      [tenantId, id],
    );
  }

  /** The file of a report, unless it was cancelled. */
  findOfReport(tenantId: string, ownerId: string, reportId: string): Promise<StoredFile | null> {
    return this.database.maybeOne<StoredFile>(
      `-- reports.findFileOfReport
      select ${columns}, case when r.cancelled_at is null then f.status else 'cancelled' end as status, f.rows, f.bytes,
        f.expires_at as "expiresAt"
      from reports r join report_files f on f.tenant_id = $1 and f.id = r.file_id
      where r.tenant_id = $1 and r.owner_id = $2 and r.id = $3`,
      [tenantId, ownerId, reportId],
    );
  }

  /** The part after that number; null: there is none. */
  findPartAfter(tenantId: string, id: string, number: number): Promise<StoredPart | null> {
    return this.database.read().maybeOne<StoredPart>(
      `-- reports.findPartAfter
      select number, content from report_parts where tenant_id = $1 and file_id = $2 and number > $3
      order by number limit 1`,
      [tenantId, id, number],
    );
  }

  /** @returns how many expired; fewer than `limit` when nothing is left */
  expire(now: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- reports.expireFiles
      with over as (
        select tenant_id, id from report_files where status = 'ready' and expires_at <= $1
        order by expires_at limit $2 for update skip locked
      )
      update report_files f set status = 'expired' from over o where f.tenant_id = o.tenant_id and f.id = o.id`,
      [now, limit],
    );
  }

  /** What there was to be had: who asked for what is no longer known. @returns how many; fewer than `limit`: the last */
  forget(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- reports.forgetFiles
      with over as (
        select tenant_id, id from report_files
        where created_at < $1 and parts = 0 and status in ('failed', 'cancelled', 'expired')
        order by created_at limit $2 for update skip locked
      ), asked as (
        delete from reports r using over o where r.tenant_id = o.tenant_id and r.file_id = o.id
      )
      delete from report_files f using over o where f.tenant_id = o.tenant_id and f.id = o.id`,
      [before, limit],
    );
  }

  /**
   * Those whose job ended without them: its workers died, or ran out of time, again and again; and those whose job is
   * lost, which have been waiting or written since before `lostBefore`.
   * @returns them, with the reports that waited for each
   */
  failAbandoned(
    job: string,
    error: string,
    { now, lostBefore }: Readonly<Record<'now' | 'lostBefore', Date>>,
  ): Promise<FailedFile[]> {
    // prettier-ignore
    return this.database.many<FailedFile>(
      `-- reports.failAbandoned
      with over as (
        select f.tenant_id, f.id from report_files f
        where f.status in ('queued', 'running') and (coalesce(f.started_at, f.created_at) < $4 or exists (
          select from job_runs r where r.job = $1 and r.occasion = f.occasion and r.status = 'failed'
        ))
        for update skip locked
      )
      update report_files f set status = 'failed', error = $2, finished_at = $3 from over o
      where f.tenant_id = o.tenant_id and f.id = o.id
      returning f.tenant_id as "tenantId", f.id as "fileId", array(
        select r.id from reports r where r.tenant_id = f.tenant_id and r.file_id = f.id and r.cancelled_at is null
      ) as "reportIds"`,
      [job, error, now, lostBefore],
    );
  }
}
