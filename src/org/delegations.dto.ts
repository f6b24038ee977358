import { ApiProperty } from '@nestjs/swagger';
import { Id, Instant, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const delegationStates = ['active', 'upcoming', 'past'] as const;
export type DelegationState = (typeof delegationStates)[number];

export class DelegationsQuery extends PageQuery {
  @OneOf(delegationStates, { optional: true, description: 'By the time of the request; a revoked one is past' })
  readonly state?: DelegationState;
}

export class CreateDelegation {
  @Id({ optional: true, description: "Whose roster; one's own where it is left out" })
  readonly instructorId?: string;

  @Id({
    description: 'Who gets it: an active instructor of the tenant',
    example: '0198f000-0000-7000-8000-000000000007',
  })
  readonly substituteId: string;

  @Instant({
    optional: true,
    description: 'From when on; now where it is left out or over',
    example: '2026-12-01T08:00:00Z',
  })
  readonly validFrom?: string;

  @Instant({ description: 'Until when, at most a year after the beginning', example: '2026-12-14T18:00:00Z' })
  readonly validTo: string;

  @Text({ max: 500, description: 'Why, for the audit trail', example: 'Parental leave' })
  readonly reason: string;
}

export class DelegationResponse {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-000000000009' })
  id: string;
  @ApiProperty({ format: 'uuid', description: 'Whose roster' })
  instructorId: string;
  @ApiProperty({ example: 'Ada Okafor' })
  instructorName: string;
  @ApiProperty({ format: 'uuid', description: 'Who has it too' })
  substituteId: string;
  @ApiProperty({ example: 'Ben Adeyemi' })
  substituteName: string;
  @ApiProperty({ enum: delegationStates })
  state: DelegationState;
  @ApiProperty({ format: 'date-time' })
  validFrom: string;
  @ApiProperty({ format: 'date-time' })
  validTo: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  revokedAt: string | null;
  @ApiProperty({ format: 'uuid' })
  createdBy: string;
  @ApiProperty()
  reason: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}
