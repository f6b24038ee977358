import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { type Category, categories } from './categories.js';

export const holdStates = ['active', 'lifted'] as const;
export type HoldState = (typeof holdStates)[number];

export class LegalHoldsQuery extends PageQuery {
  @OneOf(holdStates, { optional: true, description: 'Whether it still holds' })
  readonly state?: HoldState;

  @Id({ optional: true, description: 'Only what holds the data of this person, those on everybody included' })
  readonly personId?: string;
}

export class PlaceLegalHold {
  @OneOf(categories, { optional: true, description: 'All categories where it is left out' })
  readonly category?: Category;

  @Id({ optional: true, description: 'Whose data; everybody’s where it is left out' })
  readonly personId?: string;

  @Text({ max: 500, description: 'Why, for the audit trail', example: 'Appeal 2026/17 before the examination board' })
  readonly reason: string;
}

export class LiftLegalHold {
  @Text({ max: 500, description: 'Why, for the audit trail', example: 'Appeal 2026/17 is decided' })
  readonly reason: string;
}

export class LegalHoldResponse {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-000000000041' })
  id: string;
  @ApiProperty({ enum: categories, nullable: true, description: 'Null: all of them', example: 'messages' })
  category: Category | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null: everybody', example: null })
  personId: string | null;
  @ApiProperty({ example: 'Appeal 2026/17 before the examination board' })
  reason: string;
  @ApiProperty({ enum: holdStates })
  state: HoldState;
  @ApiProperty({ format: 'uuid' })
  placedBy: string;
  @ApiProperty({ format: 'date-time' })
  placedAt: string;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, example: null })
  liftedBy: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, example: null })
  liftedAt: string | null;
}
