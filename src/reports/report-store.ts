import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { fileFormats } from './file-formats.js';
import { type BegunFile, type NewPart, ReportFilesRepository, type WrittenFile } from './report-files.repository.js';
import { ReportsRepository } from './reports.repository.js';

export const keptDays = 7;
/** Deleted by one statement: some 50 MB. */
const mostParts = 50;
const mostEmptied = 100;
const deflate = promisify(gzip);

/** The file is no longer this attempt's to write: it was cancelled, or another worker has it. */
export class FileLost extends Error {}

export interface WrittenPart extends Pick<NewPart, 'content' | 'rows' | 'position'> {
  /** Rows of the whole file, perhaps an estimate; null: nobody could say. */
  readonly total: number | null;
  readonly isLast: boolean;
}

@Injectable()
export class ReportStore {
  constructor(
    private readonly database: Database,
    private readonly files: ReportFilesRepository,
    private readonly reports: ReportsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** With the last part the file is ready. Whoever waits for it is told then, and of each tenth. @throws FileLost */
  async add(file: BegunFile, { total, isLast, content, ...part }: WrittenPart): Promise<void> {
    const now = this.clock.now();
    const stored: NewPart = {
      ...part,
      content: fileFormats[file.format].isText ? await deflate(content, { level: 4 }) : content,
      bytes: content.length,
      progress: isLast ? 100 : progressOf(part.rows, total),
      expiresAt: isLast ? new Date(now.getTime() + keptDays * 86_400_000) : null,
    };
    await this.database.transaction(async () => {
      const before = await this.files.storePart(file.tenantId, file, stored, now);
      if (before === null) throw new FileLost();
      const percent = Math.floor(stored.progress / 10) * 10;
      if (!isLast && percent <= before) return;
      const askers = await this.reports.listAskers(file.tenantId, file.id);
      const reportIds = askers.map(({ reportId }) => reportId);
      const told = { fileId: file.id, reportIds };
      if (isLast) await this.outbox.append(file.tenantId, 'reports.ready', file.id, told);
      else await this.outbox.append(file.tenantId, 'reports.progressed', file.id, { ...told, percent });
    });
  }

  /** For good; whoever waits for it is told. */
  async fail(file: BegunFile, reason: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.files.fail(file.tenantId, file, reason, this.clock.now()))) return;
      const askers = await this.reports.listAskers(file.tenantId, file.id);
      const reportIds = askers.map(({ reportId }) => reportId);
      await this.outbox.append(file.tenantId, 'reports.failed', file.id, { fileId: file.id, reportIds });
    });
  }

  /** Those that no job will finish, of all tenants; the same. @returns how many */
  failAbandoned(job: string, reason: string, lostBefore: Date): Promise<number> {
    return this.database.transaction(async () => {
      const failed = await this.files.failAbandoned(job, reason, { now: this.clock.now(), lostBefore });
      for (const tenantId of new Set(failed.map((file) => file.tenantId))) {
        const own = failed.filter((file) => file.tenantId === tenantId);
        const events = own.map(({ fileId, reportIds }) => ({ key: fileId, payload: { fileId, reportIds } }));
        await this.outbox.appendMany(tenantId, 'reports.failed', events);
      }
      return failed.length;
    });
  }

  /** What an earlier attempt left. @throws FileLost */
  async clear(file: BegunFile, signal: AbortSignal): Promise<void> {
    await this.empty(file, signal);
    if (!(await this.files.clear(file.tenantId, file))) throw new FileLost();
  }

  /** Of all that are over. @returns how many there were */
  async emptyOver(signal: AbortSignal): Promise<number> {
    for (let emptied = 0; ;) {
      const over = await this.files.listOver(mostEmptied);
      for (const file of over) {
        await this.empty(file, signal);
        await this.files.recordEmptied(file.tenantId, file.id);
      }
      emptied += over.length;
      if (over.length < mostEmptied) return emptied;
    }
  }

  private async empty(file: WrittenFile, signal: AbortSignal): Promise<void> {
    for (let count = mostParts; count === mostParts;) {
      signal.throwIfAborted();
      count = await this.files.deleteParts(file.tenantId, file, mostParts);
    }
  }
}

/** Whole per cent, of what is not finished; 0 where it is not known. */
function progressOf(rows: number, total: number | null): number {
  return total === null ? 0 : Math.min(99, Math.floor((100 * rows) / Math.max(total, rows, 1)));
}
