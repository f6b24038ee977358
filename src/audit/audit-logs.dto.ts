import { ApiProperty } from '@nestjs/swagger';
import { Id, Instant, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const auditResults = ['done', 'refused', 'failed'] as const;
export type AuditResult = (typeof auditResults)[number];

export class AuditLogsQuery extends PageQuery {
  @Id({ optional: true, description: 'What this person or service did' })
  readonly actorId?: string;

  @Id({
    optional: true,
    description: 'Everything that happened to this person: what is about them, whatever was done to',
  })
  readonly personId?: string;

  @Text({ max: 100, optional: true, description: 'This action', example: 'student.reassigned' })
  readonly action?: string;

  @Text({ max: 100, optional: true, description: 'What was done to this kind of thing', example: 'student' })
  readonly targetType?: string;

  @Text({
    max: 200,
    optional: true,
    description: 'What was done to this',
  })
  readonly targetId?: string;

  @OneOf(auditResults, { optional: true, description: 'What came of it' })
  readonly result?: AuditResult;

  @Text({ max: 200, optional: true, description: 'What this request did: `requestId` of its answer' })
  readonly requestId?: string;

  @Instant({ optional: true, description: 'Not before' })
  readonly from?: string;

  @Instant({ optional: true, description: 'Before' })
  readonly to?: string;
}

export type AuditFilter = Omit<AuditLogsQuery, keyof PageQuery>;

export class AuditActor {
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: nobody, or a job' })
  id: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'As it is now; null where there is none any more' })
  name: string | null;
  @ApiProperty({ description: 'At that time', example: 'instructor' })
  role: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The API key that was shown' })
  keyId: string | null;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The delegation by which the actor stood in for somebody',
  })
  delegationId: string | null;
}

export class AuditTarget {
  @ApiProperty({ example: 'student' })
  type: string;
  @ApiProperty({ type: String, nullable: true })
  id: string | null;
}

export class AuditDifference {
  @ApiProperty({ description: 'Dots lead into it', example: 'profile.email' })
  field: string;
  @ApiProperty({ nullable: true, description: 'JSON; left out where there was nothing' })
  before?: unknown;
  @ApiProperty({ nullable: true, description: 'JSON; left out where there is nothing any more' })
  after?: unknown;
}

export class AuditLogEntry {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ type: AuditActor })
  actor: AuditActor;
  @ApiProperty({ example: 'student.reassigned' })
  action: string;
  @ApiProperty({ type: AuditTarget })
  target: AuditTarget;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Whom it is about; null: nobody' })
  personId: string | null;
  @ApiProperty({ enum: auditResults })
  result: AuditResult;
  @ApiProperty({ type: String, nullable: true, description: 'As it was given, or why it was refused' })
  reason: string | null;
  @ApiProperty({ type: [AuditDifference], description: 'What changed, or what it was asked with' })
  changes: AuditDifference[];
  @ApiProperty({ description: 'What it said of a person who has been erased is gone: those values are null' })
  erased: boolean;
  @ApiProperty({ type: String, nullable: true })
  requestId: string | null;
  @ApiProperty({ type: String, nullable: true, example: '192.0.2.10' })
  address: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The `User-Agent` header' })
  agent: string | null;
}
