import { ApiProperty } from '@nestjs/swagger';
import { Int, Nested, Text } from '../http/fields.js';
import type { Claim } from './removals.repository.js';
import type { Fault, FaultKind } from './seals.repository.js';
import type { Checkpoint, Verification } from './seals.service.js';

const faultKinds = [
  'entry_changed', 'entry_missing', 'entry_unsealed', 'entry_backdated', 'seal_changed', 'seal_missing',
  'chain_cut', 'removal_unfounded',
] as const satisfies readonly FaultKind[]; // prettier-ignore

export class SealCheckpoint implements Checkpoint {
  @Int({ min: 1, max: 2_147_483_647, description: 'Number of a seal that was seen before' })
  readonly seal: number;

  @Text({ max: 64, description: 'Its hash, hexadecimal' })
  readonly hash: string;
}

export class VerifyAudit {
  @Int({ min: 0, max: 2_147_483_647, optional: true, default: 0, description: 'After this seal: `next` of an answer' })
  readonly after: number = 0;

  @Nested(() => SealCheckpoint, { optional: true, description: 'What the trail must still hold' })
  readonly checkpoint?: SealCheckpoint;
}

export class AuditFault implements Fault {
  @ApiProperty({
    enum: faultKinds,
    description:
      'An entry is not what was sealed, is gone, was put in past the application, or bears a time an hour or more before ' +
      'it was written; a seal is not what it says, or is gone; the trail does not hold the checkpoint: it ends before ' +
      'it, or is another one; an entry says that retention removed what it could not have',
  })
  kind: FaultKind;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Number of the seal' })
  seal: number | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  entryId: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Of the entry; of a cut trail, when its last seal was made',
  })
  at: string | null;
}

export class AuditRemoval implements Claim {
  @ApiProperty({ format: 'uuid', description: 'The last run of retention that removed any' })
  runId: string;
  @ApiProperty({ format: 'date-time', description: 'Those that are gone were written before it' })
  before: string;
  @ApiProperty({ type: 'integer', description: 'How many are gone in all' })
  entries: number;
}

export class AuditVerification implements Verification {
  @ApiProperty({ type: 'integer', description: 'The last seal that was looked at' })
  lastSeal: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Its hash: kept elsewhere, it is the checkpoint of a later look',
  })
  hash: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Where to go on; null: that was the end' })
  next: number | null;
  @ApiProperty({ type: AuditFault, nullable: true, description: 'The first; null: all is as it was sealed' })
  fault: AuditFault | null;
  @ApiProperty({ type: AuditRemoval, nullable: true, description: 'What retention has removed; null: nothing' })
  removed: AuditRemoval | null;
}
