import { ApiProperty } from '@nestjs/swagger';
import { Decimal, Flag, Int, OneOfList, Text } from '../http/fields.js';
import { threshold, ThresholdEffect } from './thresholds.dto.js';

export const signInMethods = ['password', 'oidc'] as const;
const percentage = { min: 0, max: 100, optional: true } as const;
const days = { type: 'integer', description: 'Days' } as const;

export class ChangeSettings {
  @Text({ max: 200, optional: true, description: 'As people read it', example: 'Northern Academy' })
  readonly name?: string;

  @Text({
    max: 64,
    optional: true,
    description: 'IANA name of the zone that days are cut in; fixed once there are sessions',
    example: 'Europe/London',
  })
  readonly timeZone?: string;

  @Decimal({
    ...threshold,
    optional: true,
    description: 'A risk score above it is at risk; departments and instructors inherit it',
  })
  readonly riskThreshold?: number;

  @Decimal({
    ...threshold,
    optional: true,
    description: 'An overall score from here on is a top performer; inherited likewise',
  })
  readonly topPerformerThreshold?: number;

  @Decimal({ ...percentage, description: 'Score from which a session is passed' })
  readonly passMark?: number;

  @Int({ min: 60, max: 43_200, optional: true, description: 'Longest time that one session counts for' })
  readonly sessionCapSeconds?: number;

  @Int({ min: 365, max: 3_650, optional: true, description: 'Days that audit entries are kept' })
  readonly auditRetentionDays?: number;

  @Int({ min: 60, max: 3_650, optional: true, description: 'Days that snapshots are kept; no older session is taken' })
  readonly snapshotRetentionDays?: number;

  @Int({ min: 60, max: 3_650, optional: true, description: 'Days that analytics are kept' })
  readonly analyticsRetentionDays?: number;

  @Int({ min: 30, max: 3_650, optional: true, description: 'Days that messages are kept' })
  readonly messageRetentionDays?: number;

  @Int({ min: 7, max: 365, optional: true, description: 'Days that system logs are kept' })
  readonly systemLogRetentionDays?: number;

  @Int({ min: 60, max: 3_650, optional: true, description: 'Days that risk evaluations are kept' })
  readonly riskEvaluationRetentionDays?: number;

  @Int({ min: 0, max: 90, optional: true, description: 'Days for which an erasure can be cancelled before it begins' })
  readonly erasureWaitingDays?: number;

  @Int({
    min: 2,
    max: 100,
    optional: true,
    description: 'Of fewer people no figures are told to who may not see the people',
  })
  readonly smallestGroup?: number;

  @Int({ min: 1, max: 1_000, optional: true, description: 'Messages and replies that a student may send in a day' })
  readonly studentMessagesPerDay?: number;

  @Int({
    min: 1,
    max: 10_000,
    optional: true,
    description: 'Messages and replies that one of the staff may send in a day',
  })
  readonly staffMessagesPerDay?: number;

  @Int({ min: 1, max: 1_000, optional: true, description: 'Messages that one person gets in a day, without replies' })
  readonly receivedMessagesPerDay?: number;

  @Int({
    min: 5,
    max: 200,
    optional: true,
    description: 'Lines from automation in the tray of one person in a day; what is more goes into one further line',
  })
  readonly notificationsPerDay?: number;

  @Flag({ optional: true, description: 'Whether students are shown their own risk' })
  readonly studentsSeeRisk?: boolean;

  @Flag({ optional: true, description: 'Whether whoever exports data has to say what for' })
  readonly isPurposeRequired?: boolean;

  @OneOfList(signInMethods, { max: 2, optional: true, description: 'How people may sign in; at least one way' })
  readonly signInMethods?: (typeof signInMethods)[number][];
}

export class SettingsResponse {
  @ApiProperty({ description: 'Names the tenant when signing in', example: 'northern-academy' })
  slug: string;
  @ApiProperty({ example: 'Northern Academy' })
  name: string;
  @ApiProperty({ example: 'Europe/London' })
  timeZone: string;
  @ApiProperty({ example: 70 })
  riskThreshold: number;
  @ApiProperty({ example: 85 })
  topPerformerThreshold: number;
  @ApiProperty({ example: 70 })
  passMark: number;
  @ApiProperty({ type: 'integer', example: 7_200 })
  sessionCapSeconds: number;
  @ApiProperty({ ...days, example: 2_557 })
  auditRetentionDays: number;
  @ApiProperty({ ...days, example: 730 })
  snapshotRetentionDays: number;
  @ApiProperty({ ...days, example: 1_095 })
  analyticsRetentionDays: number;
  @ApiProperty({ ...days, example: 365 })
  messageRetentionDays: number;
  @ApiProperty({ ...days, example: 90 })
  systemLogRetentionDays: number;
  @ApiProperty({ ...days, example: 730 })
  riskEvaluationRetentionDays: number;
  @ApiProperty({ ...days, example: 14 })
  erasureWaitingDays: number;
  @ApiProperty({ type: 'integer', description: 'People', example: 5 })
  smallestGroup: number;
  @ApiProperty({ type: 'integer', description: 'By a student, replies included', example: 50 })
  studentMessagesPerDay: number;
  @ApiProperty({ type: 'integer', description: 'By one of the staff, replies included', example: 500 })
  staffMessagesPerDay: number;
  @ApiProperty({ type: 'integer', description: 'To one person, without replies', example: 50 })
  receivedMessagesPerDay: number;
  @ApiProperty({ type: 'integer', description: 'Lines from automation in one tray', example: 20 })
  notificationsPerDay: number;
  @ApiProperty({ description: 'Of their own', example: true })
  studentsSeeRisk: boolean;
  @ApiProperty({ example: false })
  isPurposeRequired: boolean;
  @ApiProperty({ isArray: true, enum: signInMethods, example: ['password', 'oidc'] })
  signInMethods: string[];
  @ApiProperty({ type: 'integer', description: 'For `If-Match`', example: 1 })
  version: number;
}

export class SettingsChange extends SettingsResponse {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: ThresholdEffect })
  effect: ThresholdEffect;
}
