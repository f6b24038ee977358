import { ApiProperty } from '@nestjs/swagger';
import { OneOfList, Text } from '../http/fields.js';
import { riskBands } from '../students/risk-bands.js';
import { type ToldKind, toldKinds } from './live-event.js';

export class EventsQuery {
  @OneOfList(toldKinds, {
    max: toldKinds.length,
    optional: true,
    description: 'These kinds alone. What the viewer may not read is left out, asked for or not',
    example: ['risk', 'submission'],
  })
  readonly kinds?: ToldKind[];

  @Text({
    max: 100,
    optional: true,
    description: 'In place of the header `Last-Event-ID`, for clients that cannot set it',
    example: '4711',
  })
  readonly lastEventId?: string;

  @Text({
    max: 4_000,
    optional: true,
    description: 'Of `POST /events/tickets`, in place of the header `Authorization`, for clients that cannot set it',
  })
  readonly ticket?: string;
}

export class TicketResponse {
  @ApiProperty({ maxLength: 4_000, description: 'Opens streams of events, and nothing else' })
  ticket: string;
  @ApiProperty({ format: 'date-time', description: 'By when a stream must have been opened with it' })
  expiresAt: string;
}

class Published {
  @ApiProperty({ format: 'date-time', description: 'When it was published' })
  at: string;
}

/** Sessions of a student have come in. */
export class ProgressEvent extends Published {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
}

/** A student's risk band has changed. */
export class RiskEvent extends Published {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: riskBands, description: 'From now on' })
  riskBand: string;
  @ApiProperty({ minimum: 0, maximum: 100, example: 78.5 })
  riskScore: number;
}

/** Work was handed in, or the student can see a grade. */
export class SubmissionEvent extends Published {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ enum: ['submitted', 'graded'] })
  change: string;
}

/** A message has come, or something about one's own has changed: read, recalled, archived. */
export class MessageEvent extends Published {
  @ApiProperty({ enum: ['received', 'changed'] })
  change: string;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  messageId: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  threadId: string | null;
}

/** Notifications have come, or something about one's own has changed. */
export class NotificationEvent extends Published {
  @ApiProperty({ enum: ['created', 'changed'] })
  change: string;
  @ApiProperty({
    type: [String],
    format: 'uuid',
    maxItems: 100,
    description: 'The first 100; empty where any of one’s own may have changed',
  })
  notificationIds: string[];
}

/** How far one's own report is; at most one for each tenth. */
export class ReportEvent extends Published {
  @ApiProperty({ format: 'uuid' })
  reportId: string;
  @ApiProperty({ enum: ['running', 'ready'] })
  status: string;
  @ApiProperty({ minimum: 0, maximum: 100, description: 'Per cent', example: 40 })
  progress: number;
}

/** What was missed is no longer known: read anew whatever is shown. The id is that of the newest event. */
export class ResetEvent {
  @ApiProperty({ enum: ['too_old', 'unknown'], description: 'Of the last event that the client knows' })
  reason: string;
}

/** The stream ends. */
export class ByeEvent {
  @ApiProperty({
    enum: ['token_expired', 'access_lost', 'server_stopping'],
    description: 'Only after the last one does it help to come again as before',
  })
  reason: string;
}
