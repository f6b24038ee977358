import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { LeaderboardQuery, LeaderboardResponse } from './leaderboard.dto.js';
import { LeaderboardService } from './leaderboard.service.js';

@ApiTags('analytics')
@Controller('analytics/leaderboard')
export class LeaderboardController {
  constructor(private readonly leaderboards: LeaderboardService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Rank students',
    description:
      'Within what the viewer may see; a student sees the own class: the students of the same instructor, or those of ' +
      'the department whom nobody is responsible for. Fellow students are shown who said that they take part, ' +
      'instructors and above also who has not said anything. Whoever said no is shown to nobody, and nobody’s rank ' +
      'counts them. A period may mean a million active days of students. Services need `students:read` as well.',
    permission: 'leaderboard:read',
    answer: LeaderboardResponse,
    errors: [404],
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: LeaderboardQuery): Promise<JsonBytes> {
    return this.leaderboards.show(viewer, query);
  }
}
