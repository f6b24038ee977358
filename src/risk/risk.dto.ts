import { ApiProperty } from '@nestjs/swagger';
import { Day, Decimal, Id, Int, NestedList, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { riskBands, type RiskBand } from '../students/risk-bands.js';
import type { Insufficient } from './risk-scoring.service.js';
import { insufficiencies, units } from './sentences.js';

const score = { type: Number, nullable: true, minimum: 0, maximum: 100, example: 71.42 } as const;
const expected = { min: 0, max: 100, example: 70, description: 'What counts in the end, with any penalty taken off' };
const mostWork = 100;

export class WhatIfHandIn {
  @Id({ description: 'Of an assignment of the student that is not handed in, overdue or still to come' })
  readonly assignmentId: string;

  @Decimal({ ...expected, optional: true, description: `${expected.description}; the student's mean, else 70` })
  readonly score?: number;
}

export class WhatIfRetake {
  @Id({ description: 'Of an assignment of the student that has a score' })
  readonly assignmentId: string;

  @Decimal(expected)
  readonly score: number;
}

export class WhatIf {
  @Int({ min: 0, max: 28, optional: true, description: 'Active on so many more of the last 28 days, today among them' })
  readonly activeDays?: number;

  @NestedList(() => WhatIfHandIn, { min: 0, max: mostWork, optional: true, description: 'Handed in today' })
  readonly handIn?: WhatIfHandIn[];

  @NestedList(() => WhatIfRetake, { min: 0, max: mostWork, optional: true, description: 'With another score' })
  readonly retakes?: WhatIfRetake[];
}

export class HistoryQuery extends PageQuery {
  @Day({ optional: true, description: 'Of this local day or later' })
  readonly from?: string;

  @Day({ optional: true, description: 'Of this local day or earlier' })
  readonly to?: string;

  @OneOf(['closing', 'all'], {
    optional: true,
    default: 'closing',
    description: 'The last one of each day that is over, or those during the days too',
  })
  readonly detail: 'closing' | 'all' = 'closing';
}

export class InsufficientData {
  @ApiProperty({ enum: Object.keys(insufficiencies) })
  reason: Insufficient;
  @ApiProperty({ example: insufficiencies.newStudent })
  explanation: string;
}

/** A score, where there is enough to show one. */
export class RiskOutcome {
  @ApiProperty({ ...score, description: 'Null: insufficient data' })
  score: number | null;
  @ApiProperty({ enum: riskBands, nullable: true })
  band: RiskBand | null;
  @ApiProperty({ type: InsufficientData, nullable: true, description: 'Why there is no score; null where there is' })
  insufficientData: InsufficientData | null;
}

export class FactorPoints {
  @ApiProperty({ description: 'As the model calls it', example: 'missedShare' })
  factor: string;
  @ApiProperty({ description: 'Together with the base exactly the log-odds of the score', example: 0.412345 })
  logOdds: number;
  @ApiProperty({ description: 'Together with the base exactly the score', example: 8.21 })
  points: number;
}

export class EvidenceWork {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ example: 'Radio codes, part 2' })
  title: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  dueAt: string | null;
  @ApiProperty({ example: 1 })
  weight: number;
  @ApiProperty({ ...score, description: 'Null: none that counts', example: 55 })
  score: number | null;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: -14,
    maximum: 14,
    description: 'Days that it was handed in before it was due; negative: after. Null: neither',
  })
  leadDays: number | null;
}

export class RiskContribution extends FactorPoints {
  @ApiProperty({ enum: units, nullable: true, description: '`yesNo`: 1 is yes. Null: of an earlier release' })
  unit: (typeof units)[number] | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Null: unknown, and of no weight', example: 9 })
  value: number | null;
  @ApiProperty({ type: Number, nullable: true, description: "Its cohort's median, where it is compared", example: 2 })
  cohortValue: number | null;
  @ApiProperty({ example: 'No session for 9 days; the class median is 2.' })
  sentence: string;
  @ApiProperty({ type: [EvidenceWork], maxItems: 20, description: 'The assignments that it is about' })
  work: EvidenceWork[];
  @ApiProperty({
    type: 'array',
    items: { type: 'string', format: 'date' },
    maxItems: 28,
    description: 'The local days that it is about, newest first',
  })
  days: string[];
}

export class OfferedWhatIf {
  @ApiProperty({ example: 'Hand in the 2 overdue assignments: 71 → 48' })
  sentence: string;
  @ApiProperty({ type: 'integer', description: 'Assignments or days that it takes', example: 2 })
  steps: number;
  @ApiProperty({ minimum: 0, maximum: 100, description: 'That would be', example: 48.3 })
  score: number;
  @ApiProperty({ enum: riskBands })
  band: RiskBand;
  @ApiProperty({ description: 'Points', example: 23.12 })
  drop: number;
  @ApiProperty({ type: WhatIf, description: 'The same as a body of `POST …/risk/what-if`' })
  change: object;
}

export class RiskCohort {
  @ApiProperty({ format: 'uuid' })
  departmentId: string;
  @ApiProperty({ format: 'date', description: 'At whose end it was counted' })
  day: string;
  @ApiProperty({ type: 'integer', example: 24 })
  students: number;
}

export class RiskDetail extends RiskOutcome {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ description: 'Above the threshold' })
  isAtRisk: boolean;
  @ApiProperty({ description: "That of the student's instructor", example: 70 })
  threshold: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'Points more than at the end of the day seven days before, by the same model; null: nothing to compare',
    example: 4.2,
  })
  trend: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Log-odds that the score is made of', example: 0.911274 })
  logOdds: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Log-odds before any factor', example: -0.337988 })
  baseLogOdds: number | null;
  @ApiProperty({ ...score, description: 'Points before any factor', example: 41.63 })
  base: number | null;
  @ApiProperty({ type: [RiskContribution], description: 'The heaviest first; none with insufficient data' })
  contributions: RiskContribution[];
  @ApiProperty({
    type: [OfferedWhatIf],
    maxItems: 3,
    description: 'What can be done now and helps, the cheapest first',
  })
  whatIfs: OfferedWhatIf[];
  @ApiProperty({ example: '2026-11' })
  modelVersion: string;
  @ApiProperty({ format: 'date', description: 'Local day that it is of' })
  day: string;
  @ApiProperty({ format: 'date-time' })
  evaluatedAt: string;
  @ApiProperty({ type: RiskCohort, nullable: true, description: 'What it was measured against' })
  cohort: RiskCohort | null;
}

export class RiskEvaluation extends RiskOutcome {
  @ApiProperty({ format: 'date', description: 'Local day' })
  day: string;
  @ApiProperty({ description: 'Of the end of the day' })
  isClosing: boolean;
  @ApiProperty({ format: 'date-time' })
  evaluatedAt: string;
  @ApiProperty({ example: '2026-11' })
  modelVersion: string;
  @ApiProperty({ ...score, description: 'Points before any factor', example: 41.63 })
  base: number | null;
  @ApiProperty({ type: [FactorPoints], description: "In the model's order; none with insufficient data" })
  contributions: FactorPoints[];
}

export class WhatIfOutcome extends RiskOutcome {
  @ApiProperty({ description: 'Above the threshold' })
  isAtRisk: boolean;
  @ApiProperty({ ...score, description: 'Points before any factor', example: 41.63 })
  base: number | null;
  @ApiProperty({ type: [FactorPoints], description: "In the model's order; none with insufficient data" })
  contributions: FactorPoints[];
}

export class WhatIfResponse {
  @ApiProperty({ type: WhatIfOutcome })
  before: WhatIfOutcome;
  @ApiProperty({ type: WhatIfOutcome })
  after: WhatIfOutcome;
  @ApiProperty({ description: "That of the student's instructor", example: 70 })
  threshold: number;
  @ApiProperty({ description: 'Of the model in use, which both are of', example: '2026-11' })
  modelVersion: string;
}
