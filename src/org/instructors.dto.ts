import { ApiProperty } from '@nestjs/swagger';
import { Decimal, Flag, Id, Int, Text, TextList } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { threshold, ThresholdEffect } from './thresholds.dto.js';

const own = { ...threshold, optional: true, nullable: true } as const;
const nullableText = { type: String, nullable: true } as const;

export class InstructorsQuery extends PageQuery {
  @Text({ max: 100, optional: true, description: 'Part of the name, whatever case and accents' })
  readonly search?: string;

  @Id({ optional: true, description: 'Of this department or one below it' })
  readonly departmentId?: string;

  @Flag({ optional: true, description: 'Only active ones, or only others' })
  readonly isActive?: boolean;
}

export class ChangeInstructor {
  @Text({ max: 100, optional: true, nullable: true, description: 'Unique in the tenant', example: 'E-204' })
  readonly employeeId?: string | null;

  @TextList({ min: 0, max: 50, item: { max: 100 }, optional: true, description: 'What they teach', example: ['radio'] })
  readonly specialisations?: string[];

  @TextList({ min: 0, max: 50, item: { max: 200 }, optional: true, description: 'What they are certified in' })
  readonly certifications?: string[];

  @Int({ min: 0, max: 80, optional: true, nullable: true, description: 'Years of experience' })
  readonly experienceYears?: number | null;

  @Text({ max: 200, optional: true, nullable: true, description: 'Where they work' })
  readonly territory?: string | null;

  @Id({ optional: true, nullable: true, description: 'Another instructor; information that permits nothing' })
  readonly supervisorId?: string | null;

  @Flag({ optional: true, description: 'May say who is responsible for students, where the role permits it' })
  readonly canAssign?: boolean;

  @Flag({ optional: true, description: 'Makes a supervisor: sees the department and everything below it' })
  readonly canViewAll?: boolean;

  @Decimal({ ...own, description: "At risk above it, on this roster; null: the department's or tenant's" })
  readonly riskThreshold?: number | null;

  @Decimal({
    ...own,
    description: "Top performer from here on, on this roster; null: the department's or tenant's",
  })
  readonly topPerformerThreshold?: number | null;
}

export class InstructorRow {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-000000000002' })
  id: string;
  @ApiProperty({ example: 'Ada Okafor' })
  name: string;
  @ApiProperty({ format: 'uuid' })
  departmentId: string;
  @ApiProperty({ example: 'Dispatch' })
  departmentName: string;
  @ApiProperty()
  isActive: boolean;
  @ApiProperty({ ...nullableText, description: 'Null also where the viewer sees the name only' })
  email: string | null;
  @ApiProperty({ ...nullableText, description: 'Null also where the viewer sees the name only' })
  employeeId: string | null;
  @ApiProperty({ type: Boolean, nullable: true, description: 'A supervisor; null where the viewer sees the name only' })
  canViewAll: boolean | null;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Active ones on the roster; null where the viewer sees the name only',
    example: 31,
  })
  students: number | null;
}

export class InstructorDetail extends InstructorRow {
  @ApiProperty({ type: [String] })
  specialisations: string[];
  @ApiProperty({ type: [String] })
  certifications: string[];
  @ApiProperty({ type: 'integer', nullable: true })
  experienceYears: number | null;
  @ApiProperty(nullableText)
  territory: string | null;
  @ApiProperty({ ...nullableText, format: 'uuid' })
  supervisorId: string | null;
  @ApiProperty()
  canAssign: boolean;
  @ApiProperty({ type: Number, nullable: true, description: "Null: the department's or tenant's" })
  riskThreshold: number | null;
  @ApiProperty({ type: Number, nullable: true, description: "Null: the department's or tenant's" })
  topPerformerThreshold: number | null;
  @ApiProperty({ type: 'integer', description: 'For `If-Match`', example: 1 })
  version: number;
}

export class InstructorChange extends InstructorDetail {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: ThresholdEffect })
  effect: ThresholdEffect;
}
