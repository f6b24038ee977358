import { ApiProperty } from '@nestjs/swagger';
import { Decimal, FreeForm, Id, Int } from '../http/fields.js';

const content = {
  maxBytes: 65_536,
  optional: true,
  nullable: true,
  description: "The client's own JSON; replaces what was saved. Left out: that stays",
  example: { answers: { q1: 'Bravo' } },
};
const timeSpent = {
  min: 0,
  max: 2_592_000,
  optional: true,
  description: 'In all on this attempt; left out: what was saved stays',
  example: 1_260,
};

export class StartAttempt {
  @Id({ optional: true, description: 'Made by the client, so that starting twice is starting once' })
  readonly id?: string;

  @Id({ description: 'What is attempted', example: '0198f000-0000-7000-8000-000000000006' })
  readonly assignmentId: string;

  @Id({ optional: true, description: 'Whose attempt it is. For services, which must say so' })
  readonly studentId?: string;
}

export class SaveAttempt {
  @FreeForm(content)
  readonly content?: object | null;

  @Int(timeSpent)
  readonly timeSpentSeconds?: number;
}

export class SubmitAttempt extends SaveAttempt {
  @Decimal({ min: 0, max: 100, optional: true, description: 'For services, which can know it', example: 82.5 })
  readonly score?: number;
}

export class AttemptResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ type: 'integer', description: 'Counted from 1', example: 1 })
  number: number;
  @ApiProperty({
    enum: ['student', 'service', 'sessions', 'import'],
    description: '`sessions`: entered by itself, because the sessions on the modules reached the target',
  })
  source: string;
  @ApiProperty({ format: 'date-time' })
  startedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  savedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null: it is open' })
  submittedAt: string | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Without the penalty; for a student null until scores are released',
  })
  score: number | null;
  @ApiProperty({ type: 'integer', description: 'After the due date that held for the student; 0: in time' })
  lateSeconds: number;
  @ApiProperty({ description: 'Per cent of the score that lateness costs' })
  penalty: number;
  @ApiProperty({ type: 'integer' })
  timeSpentSeconds: number;
  @ApiProperty({ type: [String], description: 'The sessions it was made of' })
  sessionIds: string[];
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  content: object | null;
}
