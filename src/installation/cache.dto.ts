import { ApiProperty } from '@nestjs/swagger';

const count = { type: 'integer', minimum: 0 } as const;

export class CacheValue {
  @ApiProperty({ maxLength: 100, example: 'students.list' })
  name: string;
  @ApiProperty({ ...count, example: 1_000 })
  requests: number;
  @ApiProperty({ ...count, description: 'From memory, or with another read that was under way', example: 940 })
  hits: number;
  @ApiProperty({ ...count, description: 'By what another process had produced', example: 20 })
  sharedHits: number;
  @ApiProperty({ ...count, example: 40 })
  misses: number;
  @ApiProperty({ ...count, description: 'While the cache was off or away', example: 0 })
  bypasses: number;
  @ApiProperty({ ...count, description: 'Of what was produced to be kept', example: 412_000 })
  bytes: number;
  @ApiProperty({ type: Number, nullable: true, minimum: 0, maximum: 100, description: 'Per cent', example: 96 })
  hitRate: number | null;
}

export class CacheResponse {
  @ApiProperty({ maxLength: 255, description: 'Of the process that was asked: others have counts of their own' })
  host: string;
  @ApiProperty({ format: 'date-time', description: 'When that process began to count' })
  since: string;
  @ApiProperty({ enum: ['memory', 'redis', 'off'] })
  kind: string;
  @ApiProperty({ description: 'False: every answer is produced anew' })
  isServing: boolean;
  @ApiProperty({ ...count, description: 'In memory now' })
  entries: number;
  @ApiProperty({ ...count, description: 'In memory now' })
  bytes: number;
  @ApiProperty({ type: [CacheValue], maxItems: 1_000, description: 'By name' })
  values: CacheValue[];
}
