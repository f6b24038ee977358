import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AchievementResponse } from './achievements.dto.js';
import { Achievements } from './achievements.service.js';

@ApiTags('students')
@Controller('students')
export class AchievementsController {
  constructor(private readonly achievements: Achievements) {}

  @Get(':id/achievements')
  @Operation({
    summary: 'List what a student has achieved and can achieve',
    description: "Reading another person's is audited.",
    permission: 'students:read',
    answer: AchievementResponse,
    shape: 'list',
    example: [
      {
        code: 'streak-7',
        title: '7 days in a row',
        description: 'Practised on 7 days in a row.',
        kind: 'streak',
        threshold: 7,
        value: 7,
        unlockedAt: '2026-11-20T08:41:00Z',
        reachedOn: '2026-11-20',
      },
    ],
    errors: [404],
  })
  list(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AchievementResponse[]> {
    return this.achievements.list(viewer, id);
  }
}
