import { ApiProperty } from '@nestjs/swagger';
import { type Category, categories } from './categories.js';

export class HeldBackRows {
  @ApiProperty({ format: 'uuid' })
  holdId: string;
  @ApiProperty({ example: 'Appeal 2026/17 before the examination board' })
  reason: string;
  @ApiProperty({ type: 'integer', example: 12 })
  rows: number;
}

export class RetentionFigures {
  @ApiProperty({ enum: categories, example: 'messages' })
  category: Category;
  @ApiProperty({ format: 'date', description: 'The first day that is kept', example: '2025-11-22' })
  keptFrom: string;
  @ApiProperty({ type: 'integer', description: 'Of all tables of the category', example: 1_204 })
  rows: number;
  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2025-11-20' })
  oldest: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2025-11-21' })
  newest: string | null;
  @ApiProperty({ type: [String], description: 'Months that go as a whole, in all tenants', example: [] })
  partitions: string[];
  @ApiProperty({
    type: [HeldBackRows],
    description: 'What is past its time and stays, by hold; several may keep a row',
  })
  heldBack: HeldBackRows[];
}

export class RetentionPreview {
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ type: [RetentionFigures] })
  categories: RetentionFigures[];
}

export class RetentionRunResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  startedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null: it is under way' })
  finishedAt: string | null;
  @ApiProperty({ type: [RetentionFigures] })
  categories: RetentionFigures[];
}
