import { ApiProperty } from '@nestjs/swagger';
import type { Pagination } from '../http/paging.js';
import { ThresholdEffect } from '../org/thresholds.dto.js';
import { riskBands } from './risk-bands.js';
import { badges } from './students.dto.js';

const score = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class Standing {
  @ApiProperty({ enum: badges, description: 'The first that holds', example: 'active' })
  badge: (typeof badges)[number];
  @ApiProperty({ example: false })
  isAtRisk: boolean;
  @ApiProperty({ example: false })
  isTopPerformer: boolean;
}

export class StudentAffected {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ ...score, description: 'Null without a score; then no threshold makes it at risk', example: 68.5 })
  riskScore: number | null;
  @ApiProperty({ enum: riskBands, type: String, nullable: true, description: 'The same before and after' })
  riskBand: string | null;
  @ApiProperty({ ...score, description: 'Null without data', example: 71 })
  overallScore: number | null;
  @ApiProperty({ type: Standing, description: 'As shown now' })
  before: Standing;
  @ApiProperty({ type: Standing })
  after: Standing;
}

export class ThresholdPreview {
  @ApiProperty({ type: ThresholdEffect, description: 'Of all of them, whatever the page' })
  effect: ThresholdEffect;
  @ApiProperty({ type: [StudentAffected], description: 'By name', maxItems: 100 })
  data: StudentAffected[];
  @ApiProperty({ allOf: [{ $ref: '#/components/schemas/Pagination' }], description: 'Of the students' })
  pagination: Pagination;
}
