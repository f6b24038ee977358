import { Controller, Get, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { InterventionEffectsQuery, InterventionEffectsResponse } from './intervention-effects.dto.js';
import { InterventionEffectsService } from './intervention-effects.service.js';

@ApiTags('interventions')
@Controller('analytics/interventions')
export class InterventionEffectsController {
  constructor(private readonly effects: InterventionEffectsService) {}

  @Get()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Show what happened after students were contacted, beside others who were not',
    description:
      'For each kind of action, contacted students against others within what the viewer may see, of the same band, ISO ' +
      'week and, where it has 5 of them, department, with enough data for a score, whom nobody contacted from 28 days ' +
      'before until the follow-up ended. Scores are those of the end of the day; that of the evening before the ' +
      'contact is the baseline, or the last one of the 7 before. Others are looked for among 15,000 students divided by ' +
      'the weeks with contacts, where there are more.',
    permission: 'interventions:read',
    answer: InterventionEffectsResponse,
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: InterventionEffectsQuery): Promise<JsonBytes> {
    return this.effects.show(viewer, query);
  }
}
