import { ApiProperty } from '@nestjs/swagger';
import { riskBands } from '../students/risk-bands.js';
import { entryKinds } from './intervention-states.js';

export const timelineKinds = ['band_changed', ...entryKinds.map((kind) => `intervention_${kind}` as const)] as const;

export class BandChange {
  @ApiProperty({ format: 'date', description: 'At the end of this local day', example: '2026-11-19' })
  day: string;
  @ApiProperty({ enum: riskBands, type: String, nullable: true, description: 'Null: the first score' })
  from: string | null;
  @ApiProperty({ enum: riskBands })
  to: string;
  @ApiProperty({ minimum: 0, maximum: 100, example: 78.5 })
  score: number;
}

export class TimelineEntry {
  @ApiProperty({ description: 'Unique in this timeline', example: '2026-11-19' })
  id: string;
  @ApiProperty({ format: 'date-time', example: '2026-11-20T00:05:12Z' })
  at: string;
  @ApiProperty({ enum: timelineKinds })
  kind: (typeof timelineKinds)[number];
  @ApiProperty({ example: 'The risk rose from moderate to high (78.5)' })
  title: string;
  @ApiProperty({ type: BandChange, nullable: true, description: 'Of a `band_changed`' })
  band: BandChange | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Of every other' })
  interventionId: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  actorId: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Null where nobody did it' })
  actorName: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'What was written' })
  note: string | null;
}
