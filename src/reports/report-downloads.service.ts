import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { localDay } from '../org/local-day.js';
import { DownloadTokens } from './download-tokens.js';
import { fileFormats } from './file-formats.js';
import { ReportFilesRepository, type StoredFile } from './report-files.repository.js';
import { ReportOwners } from './report-owners.js';

const inflate = promisify(gunzip);

export interface OpenFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly content: Readable;
}

/** Taking reports along. Whether their owner still may is asked each time. */
@Injectable()
export class ReportDownloads {
  constructor(
    private readonly files: ReportFilesRepository,
    private readonly owners: ReportOwners,
    private readonly tokens: DownloadTokens,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws Problem 403 for an owner who may no longer have it, and for a credential with fewer scopes than the report
   *   takes; 404, 409 before it is ready, 410 once it has expired
   */
  async link(viewer: Viewer, reportId: string): Promise<{ token: string; expiresAt: Date }> {
    const { tenantId, userId: ownerId } = viewer;
    const { file } = await this.find(tenantId, ownerId, reportId);
    if (!this.owners.mayRead(viewer, file.kind)) {
      throw new Problem(403, 'permission_denied', { detail: 'This needs the permissions of what the report shows.' });
    }
    return this.tokens.sign(reportId, { tenantId, ownerId });
  }

  /** @throws Problem as `link` does, and 403 for a token that opens nothing */
  async open(reportId: string, token: string): Promise<OpenFile> {
    const download = this.tokens.read(reportId, token);
    if (!download) {
      const detail = 'This link is not valid, or no longer. Ask for a new one.';
      throw new Problem(403, 'download_link_invalid', { detail });
    }
    const { tenantId, ownerId } = download;
    const { owner, file } = await this.find(tenantId, ownerId, reportId);
    const { kind, format, rows, bytes } = file;
    const { timeZone } = await this.tenants.get(tenantId);
    await this.audit.recordRead(owner, {
      action: 'report.downloaded',
      targetType: 'report',
      targetId: reportId,
      personId: personOf(owner),
      after: { kind, format, rows },
    });
    const { extension, type } = fileFormats[format];
    const name = `${kind}-${localDay(timeZone, new Date(file.asOf))}.${extension}`;
    return { name, type, bytes, content: Readable.from(this.parts(file)) };
  }

  private async find(tenantId: string, ownerId: string, id: string): Promise<{ owner: Viewer; file: StoredFile }> {
    const file = await this.files.findOfReport(tenantId, ownerId, id);
    if (!file) throw Problem.notFound('report');
    const owner = await this.owners.find(tenantId, ownerId, file);
    if (!owner) {
      const detail = 'What this report shows is no longer yours to see. Ask for a new one.';
      throw new Problem(403, 'report_access_lost', { detail });
    }
    const isOver = file.expiresAt !== null && new Date(file.expiresAt) <= this.clock.now();
    if (file.status === 'expired' || (file.status === 'ready' && isOver)) {
      throw new Problem(410, 'report_expired', { detail: 'This report is no longer kept. Ask for a new one.' });
    }
    if (file.status === 'ready') return { owner, file };
    throw Problem.conflict('report_not_ready', `There is no file to download: this report is ${file.status}.`);
  }

  /** One at a time, as fast as they are taken: nothing stays open in the database meanwhile. */
  private async *parts({ tenantId, id, format }: StoredFile): AsyncGenerator<Buffer> {
    for (let number = -1; ;) {
      const part = await this.files.findPartAfter(tenantId, id, number);
      if (!part) return;
      number = part.number;
      yield fileFormats[format].isText ? await inflate(part.content) : part.content;
    }
  }
}
