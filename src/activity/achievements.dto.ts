import { ApiProperty } from '@nestjs/swagger';
import { achievementKinds, type AchievementKind } from './achievement-rules.js';

export class AchievementResponse {
  @ApiProperty({ maxLength: 100 })
  code: string;
  @ApiProperty({ maxLength: 200 })
  title: string;
  @ApiProperty({ maxLength: 500 })
  description: string;
  @ApiProperty({
    enum: achievementKinds,
    description:
      'What is looked at: the longest streak in days, completed sessions, seconds of practice, modules passed, ' +
      'completed assignments',
  })
  kind: AchievementKind;
  @ApiProperty({ type: 'integer', description: 'Of that number, from which on it is achieved' })
  threshold: number;
  @ApiProperty({ type: 'integer', description: 'The number as it is now, up to the threshold' })
  value: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null: not achieved yet' })
  unlockedAt: string | null;
  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'The local day on which the threshold was reached, as far as that is known',
  })
  reachedOn: string | null;
}
