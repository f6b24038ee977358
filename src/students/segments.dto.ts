import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Nested, Text } from '../http/fields.js';
import { StudentFilter } from './student-filter.js';

export class CreateSegment {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @Text({ max: 100, description: 'Unique among the segments of one owner', example: 'Slipping since spring' })
  readonly name: string;

  @Nested(() => StudentFilter, { description: 'The filter of the student list' })
  readonly filter: StudentFilter;

  @Flag({ optional: true, description: 'Everybody of the tenant may use it, each within what they may see' })
  readonly isShared: boolean = false;
}

export class ChangeSegment {
  @Text({ max: 100, optional: true, description: 'Unique among the segments of one owner', example: 'Slipping' })
  readonly name?: string;

  @Nested(() => StudentFilter, { optional: true, description: 'The filter of the student list' })
  readonly filter?: StudentFilter;

  @Flag({ optional: true, description: 'Everybody of the tenant may use it, each within what they may see' })
  readonly isShared?: boolean;
}

export class SegmentResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  ownerId: string;
  @ApiProperty({ example: 'Slipping since spring' })
  name: string;
  @ApiProperty({ type: StudentFilter })
  filter: object;
  @ApiProperty()
  isShared: boolean;
  @ApiProperty({ type: 'integer' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class SegmentCount {
  @ApiProperty({ type: 'integer', description: 'Active students that it means for this viewer now', example: 17 })
  total: number;
  @ApiProperty()
  totalIsEstimate: boolean;
}
