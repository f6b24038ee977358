import { ApiProperty } from '@nestjs/swagger';
import { FreeForm, Id, Nested, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { type ReportFormat, reportFormats, type ReportKindName, reportKinds } from './report-kind.js';
import { ReportOptions } from './report-options.js';

export const reportStatuses = ['queued', 'running', 'ready', 'failed', 'cancelled', 'expired'] as const;
export type ReportStatus = (typeof reportStatuses)[number];

export class RequestReport {
  @Id({ optional: true, description: 'Made by the client, so that asking twice is asking once' })
  readonly id?: string;

  @OneOf(reportKinds, { description: 'What the report is about' })
  readonly kind: ReportKindName;

  @OneOf(reportFormats, { description: 'Of the file' })
  readonly format: ReportFormat;

  @FreeForm({
    optional: true,
    maxBytes: 8_192,
    description: 'As the kind has it; for students, the filter of the student list with `segmentId`',
    example: { status: 'inactive', departmentId: '0198f000-0000-7000-8000-000000000003' },
  })
  readonly filter: Readonly<Record<string, unknown>> = {};

  @Nested(() => ReportOptions, { optional: true, description: 'How the file is written' })
  readonly options: ReportOptions = new ReportOptions();

  @Text({ max: 200, optional: true, description: 'What the file is for; the organisation may require it' })
  readonly purpose?: string;
}

export class ReportListQuery extends PageQuery {
  @OneOf(reportStatuses, { optional: true, description: 'Reports in this state' })
  readonly status?: ReportStatus;
}

export class ReportLinks {
  @ApiProperty({ format: 'uri-reference', description: 'This status' })
  self: string;
  @ApiProperty({ type: String, format: 'uri-reference', nullable: true, description: 'To post to; while unfinished' })
  cancel: string | null;
  @ApiProperty({ type: String, format: 'uri-reference', nullable: true, description: 'Tells the link; once ready' })
  downloadLink: string | null;
}

export class ReportResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: reportKinds })
  kind: ReportKindName;
  @ApiProperty({ enum: reportFormats })
  format: ReportFormat;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'As it was understood' })
  filter: object;
  @ApiProperty({ type: ReportOptions })
  options: ReportOptions;
  @ApiProperty({ type: String, nullable: true, description: 'What the file is for', example: null })
  purpose: string | null;
  @ApiProperty({ enum: reportStatuses })
  status: ReportStatus;
  @ApiProperty({ minimum: 0, maximum: 100, description: 'How much of it is written, in per cent' })
  progress: number;
  @ApiProperty({ type: 'integer', description: 'Rows written' })
  rows: number;
  @ApiProperty({ type: 'integer', format: 'int64', description: 'Of what is written' })
  bytes: number;
  @ApiProperty({ type: 'integer', description: 'How often writing was begun' })
  attempts: number;
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed, or why it is tried again' })
  error: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The schedule that asked for it' })
  scheduleId: string | null;
  @ApiProperty({ format: 'date-time', description: 'When it was asked for' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Until when the file is kept' })
  expiresAt: string | null;
  @ApiProperty({ type: ReportLinks })
  links: ReportLinks;
}

export class DownloadLink {
  @ApiProperty({ format: 'uri-reference', description: 'Good without credentials, for this report alone' })
  url: string;
  @ApiProperty({ format: 'date-time', description: 'Until when a download may begin' })
  expiresAt: string;
}
