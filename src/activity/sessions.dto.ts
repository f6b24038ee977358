import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { RawList } from '../http/fields.js';
import { maxAnswers, maxCount, maxDurationSeconds, sessionKinds, sessionStatuses } from './session-input.js';

/** What of an answer is read; whatever else stands in it is kept as it is. Nothing of it is refused. */
export class AnswerInput {
  @ApiPropertyOptional({ maxLength: 100, description: 'The same for everybody who was asked it', example: 'q-17' })
  questionId?: string;

  @ApiPropertyOptional({ description: 'Either this or `score`' })
  correct?: boolean;

  @ApiPropertyOptional({ minimum: 0, maximum: 100, description: 'Where an answer can be right in part' })
  score?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: maxDurationSeconds })
  durationSeconds?: number;
}

/** One item of a batch, as documented; `readSession` checks it. */
export class SessionInput {
  @ApiProperty({
    format: 'uuid',
    maxLength: 36,
    description: 'Made by the sender: sending the same id again changes nothing',
  })
  id: string;

  @ApiPropertyOptional({
    format: 'uuid',
    maxLength: 36,
    description: 'Required from a service; a student always writes their own',
  })
  studentId?: string;

  @ApiPropertyOptional({ format: 'uuid', maxLength: 36, description: 'Either this or `moduleCode`' })
  moduleId?: string;

  @ApiPropertyOptional({ maxLength: 100, description: 'Either this or `moduleId`' })
  moduleCode?: string;

  @ApiPropertyOptional({ enum: sessionKinds, description: "Default: the module's kind" })
  kind?: string;

  @ApiPropertyOptional({ enum: sessionStatuses, default: 'completed' })
  status?: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 100, description: 'Rounded to two decimals; absent means no data' })
  score?: number;

  @ApiPropertyOptional({ type: 'integer', format: 'int32', minimum: 0, maximum: maxCount })
  questions?: number;

  @ApiPropertyOptional({
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: maxCount,
    description: 'Given together with `questions`',
  })
  correct?: number;

  @ApiPropertyOptional({
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: maxDurationSeconds,
    description: 'Default: from `startedAt` to `completedAt`',
  })
  durationSeconds?: number;

  @ApiPropertyOptional({
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: maxCount,
    description: 'Clicks or events, where only those are known',
  })
  interactions?: number;

  @ApiPropertyOptional({ format: 'date-time', maxLength: 35 })
  startedAt?: string;

  @ApiPropertyOptional({ format: 'date-time', maxLength: 35 })
  completedAt?: string;

  @ApiPropertyOptional({ format: 'date', maxLength: 10, description: 'Local day, only where no time of day is known' })
  day?: string;

  @ApiPropertyOptional({
    type: [AnswerInput],
    maxItems: maxAnswers,
    description: 'Objects of any form; what `AnswerInput` names is what the analysis of a module reads',
  })
  answers?: AnswerInput[];

  @ApiPropertyOptional({
    format: 'date-time',
    maxLength: 35,
    description: 'A correction is newer than what it corrects',
  })
  updatedAt?: string;
}

export class RecordSessionsRequest {
  @RawList(() => SessionInput, {
    description: 'Each is checked and answered on its own',
    max: 1_000,
    example: [
      {
        id: '0197b2c4-1f00-7000-8000-0000000000a1',
        moduleCode: 'alphabet-basics',
        status: 'completed',
        questions: 20,
        correct: 17,
        score: 85,
        startedAt: '2026-11-20T08:00:00Z',
        completedAt: '2026-11-20T08:12:00Z',
      },
    ],
  })
  sessions: SessionInput[];
}

export class SessionItemError {
  @ApiProperty({ example: '/sessions/3/score', description: 'RFC 6901 pointer into the request' })
  pointer: string;

  @ApiProperty({ example: 'number_out_of_range' })
  code: string;

  @ApiProperty({ example: 'must be a number from 0 to 100' })
  detail: string;
}

export class SessionResultResponse {
  @ApiProperty({ format: 'uuid', nullable: true, type: String })
  id: string | null;

  @ApiProperty({ enum: ['accepted', 'duplicate', 'rejected'] })
  status: string;

  @ApiPropertyOptional({ type: [SessionItemError] })
  errors?: SessionItemError[];
}

export class RecordSessionsResponse {
  @ApiProperty({ type: 'integer' })
  accepted: number;

  @ApiProperty({ type: 'integer', description: 'Known already, with the same or a newer `updatedAt`' })
  duplicates: number;

  @ApiProperty({ type: 'integer' })
  rejected: number;

  @ApiProperty({ type: [SessionResultResponse], description: 'One per item, in order' })
  results: SessionResultResponse[];
}
