import { ApiProperty } from '@nestjs/swagger';
import { Decimal, Flag, Id, Text } from '../http/fields.js';
import { threshold, ThresholdEffect } from './thresholds.dto.js';

const codePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const code = { max: 100, pattern: codePattern, description: 'Unique in the tenant', example: 'dispatch' } as const;
const name = { max: 200, description: 'As people read it', example: 'Dispatch' } as const;
const own = { ...threshold, optional: true, nullable: true } as const;
const risk = { ...own, description: 'A risk score above it is at risk; null: what lies above decides' } as const;
const top = {
  ...own,
  description: 'An overall score from here on is a top performer; null: what lies above decides',
} as const;
const count = {
  type: 'integer',
  nullable: true,
  description: 'Active ones here and below; null where the viewer sees the name only',
} as const;

export class DepartmentsQuery {
  @Flag({ optional: true, description: 'Only those in use, or only closed ones' })
  readonly isActive?: boolean;
}

export class CreateDepartment {
  @Id({ optional: true, description: 'Made by the client: the same create may then be sent again' })
  readonly id?: string;

  @Id({ nullable: true, description: 'The department above; null: at the top' })
  readonly parentId: string | null;

  @Text(code)
  readonly code: string;

  @Text(name)
  readonly name: string;

  @Decimal(risk)
  readonly riskThreshold: number | null = null;

  @Decimal(top)
  readonly topPerformerThreshold: number | null = null;
}

export class ChangeDepartment {
  @Id({ nullable: true, optional: true, description: 'The department above; another one moves it, with all below' })
  readonly parentId?: string | null;

  @Text({ ...code, optional: true })
  readonly code?: string;

  @Text({ ...name, optional: true })
  readonly name?: string;

  @Decimal(risk)
  readonly riskThreshold?: number | null;

  @Decimal(top)
  readonly topPerformerThreshold?: number | null;
}

export class DepartmentResponse {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-000000000003' })
  id: string;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  parentId: string | null;
  @ApiProperty({ example: 'dispatch' })
  code: string;
  @ApiProperty({ example: 'Dispatch' })
  name: string;
  @ApiProperty({ type: [String], description: 'Names from the top to this one', example: ['Academy', 'Dispatch'] })
  path: string[];
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Where its people went' })
  mergedIntoId: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Its own; null: what lies above decides' })
  riskThreshold: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Its own; null: what lies above decides' })
  topPerformerThreshold: number | null;
  @ApiProperty({ ...count, example: 120 })
  students: number | null;
  @ApiProperty({ ...count, example: 4 })
  instructors: number | null;
  @ApiProperty({ type: 'integer', description: 'For `If-Match`', example: 1 })
  version: number;
}

export class Misplaced {
  @ApiProperty({ type: 'integer', description: 'Active students whose instructor would be of no department above' })
  students: number;
  @ApiProperty({ type: [String], description: 'The first hundred of them; reassign them first' })
  studentIds: string[];
}

export class DepartmentChange extends DepartmentResponse {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: Misplaced, description: 'Where there are any, the change is refused' })
  misplaced: Misplaced;
  @ApiProperty({ type: ThresholdEffect })
  effect: ThresholdEffect;
}
