import { ApiProperty } from '@nestjs/swagger';
import { Decimal, Flag, Text } from '../http/fields.js';

export const threshold = { min: 0, max: 100, places: 2 } as const;
const risk = 'A risk score above it is at risk';
const top = 'An overall score from here on is a top performer';
const inherited = 'null: what lies above decides';
const note = {
  min: 0,
  max: 500,
  optional: true,
  default: '',
  description: 'Why, for whoever reads the history',
} as const;

export class ChangeQuery {
  @Flag({ optional: true, default: false, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;
}

export class TenantThresholds {
  @Decimal({ ...threshold, description: risk, example: 65 })
  readonly riskThreshold: number;

  @Decimal({ ...threshold, description: top, example: 85 })
  readonly topPerformerThreshold: number;
}

export class ReplaceTenantThresholds extends TenantThresholds {
  @Text({ ...note, example: 'Two more tutors since February' })
  readonly note: string = '';
}

/** Of a department or an instructor. */
export class OwnThresholds {
  @Decimal({ ...threshold, nullable: true, description: `${risk}; ${inherited}`, example: 65 })
  readonly riskThreshold: number | null;

  @Decimal({ ...threshold, nullable: true, description: `${top}; ${inherited}`, example: null })
  readonly topPerformerThreshold: number | null;
}

export class ReplaceThresholds extends OwnThresholds {
  @Text({ ...note, example: 'Two more tutors since February' })
  readonly note: string = '';
}

export class EffectiveThreshold {
  @ApiProperty({ minimum: 0, maximum: 100, example: 65 })
  value: number;
  @ApiProperty({ enum: ['tenant', 'department', 'instructor'], description: 'Whose it is', example: 'department' })
  from: string;
  @ApiProperty({ format: 'uuid', description: 'Of that tenant, department or instructor' })
  id: string;
  @ApiProperty({ example: 'Dispatch' })
  name: string;
}

export class EffectiveThresholds {
  @ApiProperty({ type: EffectiveThreshold })
  riskThreshold: EffectiveThreshold;
  @ApiProperty({ type: EffectiveThreshold })
  topPerformerThreshold: EffectiveThreshold;
}

export class ThresholdPair {
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 100, description: `Its own; ${inherited}` })
  riskThreshold: number | null;
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 100, description: `Its own; ${inherited}` })
  topPerformerThreshold: number | null;
}

export class ThresholdsResponse extends ThresholdPair {
  @ApiProperty({ type: EffectiveThresholds, description: 'What holds, and where it comes from' })
  effective: EffectiveThresholds;
  @ApiProperty({ type: 'integer', description: 'Changes so far; for `If-Match`', example: 1 })
  version: number;
}

/** What thresholds make of the students there are. Each student's own row follows within seconds, by a job. */
export class ThresholdEffect {
  @ApiProperty({ type: 'integer', description: 'Students for whom any of the following holds', example: 17 })
  studentsChanged: number;
  @ApiProperty({ type: 'integer', example: 15 })
  newlyAtRisk: number;
  @ApiProperty({ type: 'integer', example: 0 })
  noLongerAtRisk: number;
  @ApiProperty({ type: 'integer', example: 2 })
  newTopPerformers: number;
  @ApiProperty({ type: 'integer', example: 0 })
  noLongerTopPerformers: number;
}

export class ThresholdsReplaced extends ThresholdsResponse {
  @ApiProperty({ type: ThresholdEffect })
  effect: ThresholdEffect;
}

export class ThresholdChangeResponse {
  @ApiProperty({ type: 'integer', description: 'That this change made', example: 1 })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'uuid' })
  actorId: string;
  @ApiProperty({ example: 'supervisor' })
  actorRole: string;
  @ApiProperty({ example: 'Ada Okafor' })
  actorName: string;
  @ApiProperty({ example: 'Two more tutors since February' })
  note: string;
  @ApiProperty({ type: ThresholdPair })
  from: ThresholdPair;
  @ApiProperty({ type: ThresholdPair })
  to: ThresholdPair;
}
