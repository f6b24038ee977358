import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { fileFormats } from './file-formats.js';
import { type BegunFile, type Part, ReportFilesRepository } from './report-files.repository.js';
import { ReportsRepository } from './reports.repository.js';

const keptDays = 7;
const deflate = promisify(gzip);

/** The file is no longer this attempt's to write: it was cancelled, or another worker has it. */
export class FileLost extends Error {}

export interface NewPart extends Pick<Part, 'number' | 'content' | 'rows' | 'position'> {
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

  /** With the last part the file is ready, and whoever waits for it is told. @throws FileLost */
  async add(file: BegunFile, { total, isLast, content, ...part }: NewPart): Promise<void> {
    const now = this.clock.now();
    const stored: Part = {
      ...part,
      content: fileFormats[file.format].isText ? await deflate(content, { level: 4 }) : content,
      bytes: content.length,
      progress: isLast ? 100 : progressOf(part.rows, total),
      expiresAt: isLast ? new Date(now.getTime() + keptDays * 86_400_000) : null,
    };
    await this.database.transaction(async () => {
      if (!(await this.files.storePart(file.tenantId, file, stored, now))) throw new FileLost();
      if (!isLast) return;
      const askers = await this.reports.listAskers(file.tenantId, file.id);
      const reportIds = askers.map(({ reportId }) => reportId);
      await this.outbox.append(file.tenantId, 'reports.ready', file.id, { fileId: file.id, reportIds });
    });
  }

  /** @throws FileLost */
  async clear(file: BegunFile): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.files.clear(file.tenantId, file))) throw new FileLost();
    });
  }
}

/** Whole per cent, of what is not finished; 0 where it is not known. */
function progressOf(rows: number, total: number | null): number {
  return total === null ? 0 : Math.min(99, Math.floor((100 * rows) / Math.max(total, rows, 1)));
}
