import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeLeaderboardChoice, LeaderboardChoice } from './leaderboard-choice.dto.js';
import { LeaderboardChoiceService } from './leaderboard-choice.service.js';

@ApiTags('students')
@Controller('students/me/leaderboard')
export class LeaderboardChoiceController {
  constructor(private readonly choices: LeaderboardChoiceService) {}

  @Get()
  @Operation({
    summary: 'Show whether one takes part in leaderboards',
    permission: 'leaderboard:write',
    answer: LeaderboardChoice,
    errors: [404],
  })
  show(@CurrentViewer() viewer: Viewer): Promise<LeaderboardChoice> {
    return this.choices.show(viewer);
  }

  @Put()
  @Operation({
    summary: 'Choose whether one takes part in leaderboards',
    description:
      'Holds at once. Until a student has chosen, fellow students do not see them: being compared by name in front of a ' +
      'class is for everyone to agree to. Instructors, who see the same figures in their lists, do, until the student ' +
      'says no.',
    permission: 'leaderboard:write',
    answer: LeaderboardChoice,
    errors: [404],
  })
  choose(@CurrentViewer() viewer: Viewer, @Body() { takesPart }: ChangeLeaderboardChoice): Promise<LeaderboardChoice> {
    return this.choices.choose(viewer, takesPart);
  }
}
