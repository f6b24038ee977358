import { ApiProperty } from '@nestjs/swagger';
import { Day, Flag, Id, IdList, Instant, Nested, NestedList, OneOf, OneOfList, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { StudentFilter } from '../students/student-filter.js';
import { type ContentType, contentTypes } from './template.js';

export const mostNamed = 10_000;
export const mostRecipients = 100_000;
export const recipientModes = ['frozen', 'at-sending'] as const;
export type RecipientMode = (typeof recipientModes)[number];
export const messageStatuses = ['draft', 'scheduled', 'sending', 'sent', 'cancelled', 'failed'] as const;
export type MessageStatus = (typeof messageStatuses)[number];

/**
 * A line: what could end it, or begin a header of a mail, is no part of it. Control characters by their numbers, because
 * not every reader of a schema knows them by a name.
 */
const line = new RegExp(String.raw`^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$`);

export class Audience {
  @IdList({ max: mostNamed, optional: true, description: 'These people, or one of the others' })
  readonly userIds?: string[];

  @Nested(() => StudentFilter, {
    optional: true,
    description: 'All students it means; `limit`, `page`, `cursor` do not count',
  })
  readonly filter?: StudentFilter;

  @Id({ optional: true, description: 'All students a segment means' })
  readonly segmentId?: string;

  @Id({ optional: true, description: 'All students of this department and of those below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'The roster of this instructor' })
  readonly instructorId?: string;
}

export class Attachment {
  @Text({ max: 200, pattern: line, description: 'What the link is called', example: 'Reading list' })
  readonly title: string;

  @Text({ max: 2_000, pattern: /^https:\/\/[^\s"'<>\\]+$/, description: 'A link', example: 'https://example.org/list' })
  readonly url: string;
}

const to = { description: 'Whom it goes to: exactly one of its fields. A student may name their own instructor only' };
const recipients = {
  description:
    '`frozen`: who they are now; `at-sending`: who they will be when it is sent, as the sender sees them then',
};
const subject = { max: 200, pattern: line, description: 'One line; may hold variables', example: 'About {{assignment.title}}' }; // prettier-ignore
const body = { max: 20_000, description: 'May hold variables', example: 'Hello {{firstName}}, when can we talk?' };
const contentType = {
  description:
    'Of the body, which is kept as it is written. Of HTML readers get what is safe: formats, lists, tables, and links to ' +
    'https and mailto, without images. HTML in Markdown is text. Variables in the addresses of links are no variables',
};
/** Of answers. */
export const html = {
  type: String,
  nullable: true,
  maxLength: 2_000_000,
  description: 'The body as HTML that is safe to show; null where the body is to be shown as text',
} as const;
const attachments = { min: 0, max: 10, description: 'Links to what is kept elsewhere' };
const assignmentId = { description: 'What the variables of an assignment are about; one that the sender may see' };
const expiresAt = { description: 'From then on no recipient gets to see it any more' };

/** Neither at all is at once. */
class Schedule {
  @Instant({ optional: true, description: 'When it is sent; at once unless told' })
  readonly sendAt?: string;

  @Day({ optional: true, description: 'When it is sent, as a calendar shows it, with `sendTime`' })
  readonly sendOn?: string;

  @Text({
    max: 5,
    pattern: /^([01]\d|2[0-3]):[0-5]\d$/,
    optional: true,
    description: 'As a clock shows it; where clocks skip it, when they are put forward',
    example: '07:30',
  })
  readonly sendTime?: string;

  @Text({
    max: 64,
    optional: true,
    description: "IANA name of the zone of that clock; the organisation's unless told",
    example: 'Europe/London',
  })
  readonly timeZone?: string;

  @Flag({
    optional: true,
    description:
      'Whether `sendOn` and `sendTime` are meant by the clock of each recipient, in place of `timeZone`. Whose clock is ' +
      'past that gets it with the first; it must be still to come by the clock of the organisation',
  })
  readonly inRecipientsZone?: boolean;
}

export class SendMessage extends Schedule {}

export class PreviewMessage {
  @Nested(() => Audience, to)
  readonly to: Audience;

  @Text(subject)
  readonly subject: string;

  @Text(body)
  readonly body: string;

  @OneOf(contentTypes, { ...contentType, optional: true, default: 'text' })
  readonly contentType: ContentType = 'text';

  @Id({ ...assignmentId, optional: true })
  readonly assignmentId?: string;
}

export class CreateMessage extends Schedule {
  @Id({ optional: true, description: 'Made by the client, so that sending twice is sending once' })
  readonly id?: string;

  @Nested(() => Audience, { ...to, optional: true, description: `${to.description}. A draft may do without` })
  readonly to?: Audience;

  @OneOf(recipientModes, { ...recipients, optional: true, default: 'frozen' })
  readonly recipients: RecipientMode = 'frozen';

  @Text(subject)
  readonly subject: string;

  @Text(body)
  readonly body: string;

  @OneOf(contentTypes, { ...contentType, optional: true, default: 'text' })
  readonly contentType: ContentType = 'text';

  @NestedList(() => Attachment, { ...attachments, optional: true })
  readonly attachments: Attachment[] = [];

  @Id({ ...assignmentId, optional: true, nullable: true })
  readonly assignmentId: string | null = null;

  @Instant({ ...expiresAt, optional: true, nullable: true })
  readonly expiresAt: string | null = null;

  @Flag({ optional: true, default: false, description: 'Keep it, and send it to nobody yet' })
  readonly isDraft: boolean = false;
}

export class ChangeMessage extends Schedule {
  @Nested(() => Audience, { ...to, optional: true })
  readonly to?: Audience;

  @OneOf(recipientModes, { ...recipients, optional: true })
  readonly recipients?: RecipientMode;

  @Text({ ...subject, optional: true })
  readonly subject?: string;

  @Text({ ...body, optional: true })
  readonly body?: string;

  @OneOf(contentTypes, { ...contentType, optional: true })
  readonly contentType?: ContentType;

  @NestedList(() => Attachment, { ...attachments, optional: true })
  readonly attachments?: Attachment[];

  @Id({ ...assignmentId, optional: true, nullable: true })
  readonly assignmentId?: string | null;

  @Instant({ ...expiresAt, optional: true, nullable: true })
  readonly expiresAt?: string | null;
}

export class MessageListQuery extends PageQuery {
  @OneOfList(messageStatuses, { max: messageStatuses.length, optional: true, description: 'Any of these' })
  readonly status?: MessageStatus[];
}

export class MissingValue {
  @ApiProperty({ example: 'assignment.dueAt' })
  variable: string;
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Recipients for whom it stands for nothing' })
  withoutValue: number;
}

export class MessagePreview {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Who would get it, if it were sent now' })
  recipients: number;
  @ApiProperty({ type: [MissingValue], description: 'Variables because of which it would not be sent' })
  missing: MissingValue[];
  @ApiProperty({
    format: 'uuid',
    type: String,
    nullable: true,
    description: 'For whom the sample is; null: for nobody',
  })
  sampleUserId: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'As that one would read it' })
  subject: string | null;
  @ApiProperty({ type: String, nullable: true })
  body: string | null;
  @ApiProperty(html)
  html: string | null;
}

export class MessageResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: messageStatuses, description: '`failed`: nobody was left to send it to, as `error` says' })
  status: MessageStatus;
  @ApiProperty({
    type: Audience,
    nullable: true,
    description: 'Null for a reminder, and a draft that is for nobody yet; without `userIds` in lists',
  })
  to: object | null;
  @ApiProperty({ enum: recipientModes })
  recipients: RecipientMode;
  @ApiProperty({ example: subject.example })
  subject: string;
  @ApiProperty({ example: body.example, description: 'As it was written' })
  body: string;
  @ApiProperty({ enum: contentTypes })
  contentType: ContentType;
  @ApiProperty(html)
  html: string | null;
  @ApiProperty({ type: [Attachment], maxItems: attachments.max })
  attachments: Attachment[];
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  assignmentId: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'The message that this one reminds of' })
  remindsId: string | null;
  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'When it is due to be sent, to the next of them',
  })
  sendAt: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    maxLength: 16,
    example: '2026-03-09T07:30',
    description: 'The same as the clock of each recipient shows it, where that is meant',
  })
  sendLocal: string | null;
  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'When its sending began, to the first of them',
  })
  sentAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  expiresAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  recalledAt: string | null;
  @ApiProperty({ type: String, nullable: true })
  error: string | null;
  @ApiProperty({ type: 'integer', description: 'How many people it is for, as far as that is settled' })
  wanted: number;
  @ApiProperty({ type: 'integer', description: 'Of those: who have not been dealt with yet' })
  queued: number;
  @ApiProperty({
    type: 'integer',
    description: 'Of those: left out: had enough that day, have left, or it was stopped before',
  })
  withheld: number;
  @ApiProperty({ type: 'integer' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class MessageStates {
  @ApiProperty({ type: 'integer', description: 'Recipients that it has been sent to' })
  sent: number;
  @ApiProperty({ type: 'integer', description: 'Recipients whose mail box it lies in' })
  delivered: number;
  @ApiProperty({ type: 'integer', description: 'Recipients who have opened it in the application' })
  openedInApp: number;
  @ApiProperty({ type: 'integer', description: 'Recipients who were reminded of it' })
  reminded: number;
}

export class MessageDetail extends MessageResponse {
  @ApiProperty({ type: MessageStates })
  states: MessageStates;
}
