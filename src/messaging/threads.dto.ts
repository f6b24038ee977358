import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, NestedList, OneOf, Text, TextList } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { Attachment, html } from './messages.dto.js';
import { type ContentType, contentTypes } from './template.js';

const label = { max: 50 };

export class ThreadListQuery extends PageQuery {
  @Text({ max: 200, optional: true, description: 'Words of the subject, of a message, or of the name of the other' })
  readonly search?: string;

  @Text({ ...label, optional: true, description: 'Those with this label' })
  readonly label?: string;

  @Flag({ optional: true, default: false, description: 'Those that were archived, in place of the others' })
  readonly archived: boolean = false;

  @Flag({ optional: true, default: false, description: 'Those with something unread' })
  readonly unread: boolean = false;
}

export class ChangeThread {
  @Flag({ optional: true, description: 'It comes back by itself when something is written in it' })
  readonly isArchived?: boolean;

  @TextList({ min: 0, max: 20, item: label, optional: true, description: "One's own labels, in place of those before" })
  readonly labels?: string[];
}

export class CreateReply {
  @Id({ optional: true, description: 'Made by the client, so that sending twice is sending once' })
  readonly id?: string;

  @Text({ max: 20_000, description: 'Without variables', example: 'Thank you, Tuesday suits me.' })
  readonly body: string;

  @OneOf(contentTypes, { optional: true, default: 'text', description: 'Of the body, which is kept as it is written' })
  readonly contentType: ContentType = 'text';

  @NestedList(() => Attachment, { min: 0, max: 10, optional: true, description: 'Links to what is kept elsewhere' })
  readonly attachments: Attachment[] = [];
}

export class ThreadResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid', description: 'With whom' })
  otherId: string;
  @ApiProperty({ example: 'Ada Okafor' })
  otherName: string;
  @ApiProperty({ example: 'About Radio check' })
  subject: string;
  @ApiProperty({ format: 'date-time', description: 'When something was written in it last' })
  lastAt: string;
  @ApiProperty({ type: 'integer', description: 'Messages in it that one has not opened' })
  unread: number;
  @ApiProperty()
  isArchived: boolean;
  @ApiProperty({ type: [String], maxItems: 20 })
  labels: string[];
}

export class ThreadMessage {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  senderId: string;
  @ApiProperty({ example: 'Ada Okafor' })
  senderName: string;
  @ApiProperty({ example: 'About Radio check' })
  subject: string;
  @ApiProperty({ example: 'Hello Bea, it is due on 2026-11-27 17:00.', description: 'HTML only as far as it is safe' })
  body: string;
  @ApiProperty({ enum: contentTypes })
  contentType: ContentType;
  @ApiProperty(html)
  html: string | null;
  @ApiProperty({ type: [Attachment], maxItems: 10 })
  attachments: Attachment[];
  @ApiProperty({ format: 'date-time' })
  sentAt: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'When its recipient first opened it' })
  firstOpenedAt: string | null;
}

export class UnreadThreads {
  @ApiProperty({ type: 'integer', description: 'Messages that one has not opened, also in archived threads' })
  unreadMessages: number;
  @ApiProperty({ type: 'integer', description: 'Threads that they are in' })
  unreadThreads: number;
}
