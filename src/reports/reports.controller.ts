import type { Readable } from 'node:stream';
import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Text } from '../http/fields.js';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { fileFormats } from './file-formats.js';
import { mostPdfRows } from './pdf-file.js';
import { ReportDownloads } from './report-downloads.service.js';
import { mostGigabytes, mostOfOwner, mostOfTenant, ReportRequests } from './report-requests.service.js';
import { keptDays } from './report-store.js';
import { DownloadLink, ReportLinks, ReportListQuery, ReportResponse, RequestReport } from './reports.dto.js';
import type { ReportRow } from './reports.repository.js';
import { ReportsService } from './reports.service.js';

const path = (id: string): string => `/api/v1/reports/${id}`;

const example: ReportResponse = {
  id: '0198f000-0000-7000-8000-000000000008',
  kind: 'roster',
  format: 'xlsx',
  filter: { status: 'inactive' },
  options: { byteOrderMark: true, header: true },
  purpose: null,
  status: 'ready',
  progress: 100,
  rows: 17,
  bytes: 9_412,
  attempts: 1,
  error: null,
  scheduleId: null,
  createdAt: '2026-11-20T08:30:00.000Z',
  startedAt: '2026-11-20T08:30:00.180Z',
  finishedAt: '2026-11-20T08:30:00.420Z',
  expiresAt: '2026-11-27T08:30:00.420Z',
  links: {
    self: path('0198f000-0000-7000-8000-000000000008'),
    cancel: null,
    downloadLink: `${path('0198f000-0000-7000-8000-000000000008')}/download-link`,
  },
};
const ready = { answer: ReportResponse, models: [ReportLinks], example };

export class DownloadQuery {
  @Text({ max: 200, description: 'Of the link' })
  readonly ticket: string;
}

@ApiTags('reports')
@Controller('reports')
export class ReportsController {
  constructor(
    private readonly requests: ReportRequests,
    private readonly reports: ReportsService,
    private readonly downloads: ReportDownloads,
  ) {}

  @Post()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Ask for a report',
    description:
      'A file is written in the background; `Location` is where its status stands. What somebody who sees the same has ' +
      'asked for and is not finished is written once for both. Rows are those of the screen with the same filter, in an ' +
      'order that stands still. CSV: numbers plain, instants in ISO 8601 with offset, an apostrophe before text that a ' +
      'spreadsheet would take for a formula. JSON lines: an object per row by the names of the API. A PDF has ' +
      `the first ${mostPdfRows.toLocaleString('en')} rows and says so. Needs the permission of the kind, too. ` +
      `Of one viewer up to ${mostOfOwner} may be unfinished, of an organisation ${mostOfTenant}; then 429 ` +
      '`reports_unfinished`. One at a time is written for each organisation. Files are kept for ' +
      `${keptDays} days, up to ${mostGigabytes} GB of an organisation; then 429 \`reports_too_large\`.`,
    permission: 'reports:write',
    status: 202,
    ...ready,
    errors: [404, 409],
  })
  async request(
    @CurrentViewer() viewer: Viewer,
    @Body() body: RequestReport,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReportResponse> {
    const report = await this.requests.request(viewer, body);
    reply.header('location', path(report.id));
    return shown(report);
  }

  @Get()
  @Operation({
    summary: "List one's own reports, newest first",
    permission: 'reports:read',
    ...ready,
    shape: 'page',
    example: { data: [example], pagination: examplePagination(1) },
  })
  async list(@CurrentViewer() viewer: Viewer, @Query() query: ReportListQuery): Promise<Page<ReportResponse>> {
    const { data, pagination } = await this.reports.list(viewer, query);
    return { data: data.map(shown), pagination };
  }

  @Get(':id')
  @Operation({ summary: "Show one's own report", permission: 'reports:read', ...ready, errors: [404] })
  async get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ReportResponse> {
    return shown(await this.reports.get(viewer, id));
  }

  @Post(':id/cancel')
  @Operation({
    summary: 'Cancel a report that is not finished',
    description: 'It stays in the list. Whoever else waits for the same file gets it. Cancelling twice is no error.',
    permission: 'reports:write',
    ...ready,
    errors: [404, 409],
  })
  async cancel(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ReportResponse> {
    return shown(await this.reports.cancel(viewer, id));
  }

  @Get(':id/download-link')
  @Operation({
    summary: 'Tell the link to download a report by',
    description:
      'Good for five minutes, without credentials: a browser can follow it. It is a secret of whoever asks. Refused with ' +
      '403 `report_access_lost` once the report shows what its owner may no longer see.',
    permission: 'reports:read',
    answer: DownloadLink,
    example: {
      url: `${example.links.self}/file?ticket=AZmPAAAAcACAAAAAAAAABA`,
      expiresAt: '2026-11-20T08:35:00.000Z',
    },
    errors: [404, 409, 410],
  })
  async downloadLink(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<DownloadLink> {
    const { token, expiresAt } = await this.downloads.link(viewer, id);
    return { url: `${path(id)}/file?ticket=${token}`, expiresAt: expiresAt.toISOString() };
  }

  @Get(':id/file')
  @Operation({
    summary: 'Download a report by its link',
    description: 'Asks once more whether its owner may have it. Audited as an export of its owner.',
    public: true,
    files: Object.fromEntries(
      Object.values(fileFormats).map(({ type, extension }) => [
        type,
        { csv: 'Id,Name\r\n', jsonl: '{"id":"0198f000-0000-7000-8000-000000000004"}\n' }[extension] ?? null,
      ]),
    ),
    errors: [404, 409, 410],
  })
  async file(
    @IdParam() id: string,
    @Query() { ticket }: DownloadQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const { name, type, bytes, content } = await this.downloads.open(id, ticket);
    reply.header('content-type', type);
    reply.header('content-length', bytes);
    reply.header('content-disposition', `attachment; filename="${name}"`);
    reply.header('cache-control', 'private, no-store');
    return content;
  }
}

function shown(report: ReportRow): ReportResponse {
  const self = path(report.id);
  const isUnfinished = report.status === 'queued' || report.status === 'running';
  return {
    ...report,
    links: {
      self,
      cancel: isUnfinished ? `${self}/cancel` : null,
      downloadLink: report.status === 'ready' ? `${self}/download-link` : null,
    },
  };
}
