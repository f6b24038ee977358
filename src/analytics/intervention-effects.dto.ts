import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, OneOf } from '../http/fields.js';

export const contactActions = ['message', 'email', 'call', 'meeting', 'extra_support', 'other'] as const;
const followUps = ['14', '28', '56'] as const;

export class InterventionEffectsQuery {
  @Day({ optional: true, description: 'First local day of contact; 180 days up to `to` unless told' })
  readonly from?: string;

  @Day({
    optional: true,
    description:
      'Last local day of contact; with neither given the last one that has a full follow-up, with `from` today',
  })
  readonly to?: string;

  @OneOf(followUps, {
    optional: true,
    default: '28',
    description: 'Days from the contact to when it is looked what became of it',
  })
  readonly followUpDays: (typeof followUps)[number] = '28';

  @OneOf(contactActions, {
    optional: true,
    description: 'Only what was done in this way; cases are counted all the same',
  })
  readonly action?: (typeof contactActions)[number];

  @Id({ optional: true, description: 'Students of this department or one below it, on both sides' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'Students of this instructor, on both sides' })
  readonly instructorId?: string;
}

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;
const silentCount = { ...count, nullable: true } as const;

export class EffectFigure {
  @ApiProperty({ type: Number, description: 'Of the contacted students', example: -11.2 })
  contacted: number;
  @ApiProperty({
    type: Number,
    description:
      'Of those they are matched with, weighed as the contacted are spread over bands, weeks and departments',
    example: -4.1,
  })
  others: number;
  @ApiProperty({ type: Number, description: '`contacted` − `others`', example: -7.1 })
  difference: number;
  @ApiProperty({ type: Number, description: 'The 95 % interval of the difference begins here', example: -11.9 })
  low: number;
  @ApiProperty({ type: Number, description: 'The 95 % interval of the difference ends here', example: -2.3 })
  high: number;
}

const figure = { type: EffectFigure, nullable: true } as const;

export class InterventionEffect {
  @ApiProperty({ enum: ['all', ...contactActions], type: String, example: 'call' })
  action: 'all' | (typeof contactActions)[number];
  @ApiProperty({ ...count, description: 'Contacts of the period whose follow-up is over', example: 46 })
  contacts: number;
  @ApiProperty({
    ...silentCount,
    description: 'Contacts that the figures are of; the counts from here on are null of fewer than 5 students',
    example: 41,
  })
  n: number | null;
  @ApiProperty({ ...silentCount, description: 'Contacts without a score in the week before, or with too little data' })
  withoutBaseline: number | null;
  @ApiProperty({ ...silentCount, description: 'Contacts without a score at the end of the follow-up: most have left' })
  withoutOutcome: number | null;
  @ApiProperty({ ...silentCount, description: 'Contacts with fewer than 2 students of the same band and week' })
  unmatched: number | null;
  @ApiProperty({ ...silentCount, description: 'Different students who were contacted, of n', example: 39 })
  students: number | null;
  @ApiProperty({ ...silentCount, description: 'Different students whom nobody contacted', example: 212 })
  others: number | null;
  @ApiProperty({ description: 'Fewer than 10 students on a side: too few to say anything', example: false })
  insufficientData: boolean;
  @ApiProperty({ ...figure, description: 'Change of the risk score, in points; negative: it fell' })
  scoreChange: EffectFigure | null;
  @ApiProperty({
    ...figure,
    description:
      'Of those in the bands high and critical, per cent who are in low or moderate at the end; the difference in ' +
      'percentage points. Null also where fewer than 10 on a side were in these bands',
  })
  leftAtRiskBands: EffectFigure | null;
  @ApiProperty({
    ...figure,
    description: 'Per cent with an active day in the last 7 of the follow-up; the difference in percentage points',
  })
  active: EffectFigure | null;
}

export class Dismissals {
  @ApiProperty({ ...count, example: 2 })
  excused_absence: number;
  @ApiProperty(count)
  data_wrong: number;
  @ApiProperty(count)
  already_supported: number;
  @ApiProperty(count)
  not_at_risk: number;
  @ApiProperty(count)
  other: number;
}

export class WronglyFlagged {
  @ApiProperty({ ...count, description: 'Closed cases that were opened from a flag', example: 80 })
  flagged: number;
  @ApiProperty({ ...count, description: 'Of these, dismissed as `not_at_risk` or `data_wrong`', example: 6 })
  dismissed: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 100,
    description: 'Per cent; null of fewer than 5 students',
    example: 7.5,
  })
  rate: number | null;
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 100, description: '95 % interval (Wilson)' })
  low: number | null;
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 100 })
  high: number | null;
}

export class InterventionCases {
  @ApiProperty({ ...count, description: 'Cases opened in the period', example: 120 })
  opened: number;
  @ApiProperty({ ...count, description: 'Of these, contacted', example: 97 })
  contacted: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    description: 'Median of the days from opening to contact; null of fewer than 5 students',
    example: 2,
  })
  medianDaysToContact: number | null;
  @ApiProperty({ ...count, description: 'With a due date, and contacted or past it', example: 90 })
  due: number;
  @ApiProperty({ ...count, description: 'Of these, contacted on the due date or before', example: 71 })
  contactedInTime: number;
  @ApiProperty({ ...count, description: 'Resolved or dismissed', example: 84 })
  closed: number;
  @ApiProperty({ ...count, description: 'Of these, closed by themselves when the signals cleared', example: 20 })
  closedItself: number;
  @ApiProperty({ ...count, description: 'Reopened at least once', example: 3 })
  reopened: number;
  @ApiProperty({ type: Dismissals, description: 'Dismissed cases by reason' })
  dismissals: Dismissals;
  @ApiProperty({ type: WronglyFlagged })
  wronglyFlagged: WronglyFlagged;
}

export class InterventionEffectsResponse {
  @ApiProperty({ format: 'date', example: '2026-04-26' })
  from: string;
  @ApiProperty({ format: 'date', example: '2026-10-22' })
  to: string;
  @ApiProperty({ ...count, description: 'Days', example: 28 })
  followUpDays: number;
  @ApiProperty({ format: 'date-time', description: 'When this was read' })
  asOf: string;
  @ApiProperty({ ...count, description: 'Contacts of the period whose follow-up is not over; not in `effects`' })
  pending: number;
  @ApiProperty({ type: [InterventionEffect], maxItems: 7, description: 'All together, then each kind of action' })
  effects: InterventionEffect[];
  @ApiProperty({ type: InterventionCases })
  cases: InterventionCases;
  @ApiProperty({ maxLength: 1_000, description: 'What these figures do not say' })
  caveat: string;
}
