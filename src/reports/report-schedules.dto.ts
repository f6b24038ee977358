import { ApiProperty } from '@nestjs/swagger';
import { Flag, FreeForm, Id, IdList, Int, OneOf, Text } from '../http/fields.js';
import { type ReportFormat, reportFormats, type ReportKindName, reportKinds } from './report-kind.js';
import { type Recurrence, recurrences, type RelativePeriod, relativePeriods } from './schedule-times.js';

export const mostRecipients = 20;

const name = { max: 100, description: 'In the subject of the mails', example: 'Activity of the week' };
const filter = {
  maxBytes: 8_192,
  description: 'As for a report of that kind, without `from` and `to` where `period` is given',
};
const period = {
  description: 'Put into `from` and `to` at each run: yesterday, the last Monday to Sunday, the last calendar month',
};
const every = { description: 'How often it runs' };
const at = { max: 5, pattern: /^([01]\d|2[0-3]):[0-5]\d$/, example: '07:00', description: 'Local time of the organisation; where clocks skip it, when they are put forward' }; // prettier-ignore
const weekday = { min: 1, max: 7, description: 'Of `week`: 1 is Monday, which it is unless told' };
const monthDay = { min: 1, max: 28, description: 'Of `month`; 1 unless told' };
const purpose = { max: 200, description: 'What each of the files is for; the organisation may require it' };
const recipients = {
  min: 0,
  max: mostRecipients,
  description: 'Staff who may see all that the owner may, and so all that the report shows: each is mailed a link',
};

export class CreateReportSchedule {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @Text(name)
  readonly name: string;

  @OneOf(reportKinds, { description: 'What the reports are about' })
  readonly kind: ReportKindName;

  @OneOf(reportFormats, { description: 'Of the files' })
  readonly format: ReportFormat;

  @FreeForm({ ...filter, optional: true })
  readonly filter: Readonly<Record<string, unknown>> = {};

  @OneOf(relativePeriods, { ...period, optional: true, nullable: true })
  readonly period: RelativePeriod | null = null;

  @OneOf(recurrences, every)
  readonly every: Recurrence['every'];

  @Text(at)
  readonly at: string;

  @Int({ ...weekday, optional: true, nullable: true })
  readonly weekday?: number | null;

  @Int({ ...monthDay, optional: true, nullable: true })
  readonly monthDay?: number | null;

  @IdList({ ...recipients, optional: true })
  readonly recipients: string[] = [];

  @Text({ ...purpose, optional: true })
  readonly purpose?: string;
}

export class ChangeReportSchedule {
  @Text({ ...name, optional: true })
  readonly name?: string;

  @OneOf(reportFormats, { optional: true, description: 'Of the files' })
  readonly format?: ReportFormat;

  @FreeForm({ ...filter, optional: true })
  readonly filter?: Readonly<Record<string, unknown>>;

  @OneOf(relativePeriods, { ...period, optional: true, nullable: true })
  readonly period?: RelativePeriod | null;

  @OneOf(recurrences, { ...every, optional: true })
  readonly every?: Recurrence['every'];

  @Text({ ...at, optional: true })
  readonly at?: string;

  @Int({ ...weekday, optional: true, nullable: true })
  readonly weekday?: number | null;

  @Int({ ...monthDay, optional: true, nullable: true })
  readonly monthDay?: number | null;

  @IdList({ ...recipients, optional: true })
  readonly recipients?: string[];

  @Text({ ...purpose, optional: true })
  readonly purpose?: string;

  @Flag({ optional: true, description: 'Whether it runs; administrators may stop those of others' })
  readonly isActive?: boolean;
}

export class ReportScheduleResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  ownerId: string;
  @ApiProperty({ example: 'Ada Okafor' })
  ownerName: string;
  @ApiProperty({ example: name.example })
  name: string;
  @ApiProperty({ enum: reportKinds })
  kind: ReportKindName;
  @ApiProperty({ enum: reportFormats })
  format: ReportFormat;
  @ApiProperty({ type: 'object', additionalProperties: true })
  filter: Readonly<Record<string, unknown>>;
  @ApiProperty({ enum: relativePeriods, type: String, nullable: true })
  period: RelativePeriod | null;
  @ApiProperty({ enum: recurrences })
  every: Recurrence['every'];
  @ApiProperty({ example: at.example, description: 'Local time of the organisation' })
  at: string;
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, maximum: 7, description: '1 is Monday' })
  weekday: number | null;
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, maximum: 28 })
  monthDay: number | null;
  @ApiProperty({ type: 'array', items: { type: 'string', format: 'uuid' }, maxItems: mostRecipients })
  recipients: string[];
  @ApiProperty({ type: String, nullable: true, description: 'What each of the files is for', example: null })
  purpose: string | null;
  @ApiProperty({ description: 'False: it was stopped, or has stopped itself; `lastError` says why' })
  isActive: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null where it does not run' })
  nextAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'What was wrong at the last run, or with its report' })
  lastError: string | null;
  @ApiProperty({ type: 'integer', example: 3 })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}
