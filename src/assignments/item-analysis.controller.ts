import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AssignmentAnalysis, ModuleAnalysis } from './item-analysis.dto.js';
import { ItemAnalysisService } from './item-analysis.service.js';

@ApiTags('gradebook')
@Controller()
export class ItemAnalysisController {
  constructor(private readonly items: ItemAnalysisService) {}

  @Get('assignments/:id/analysis')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Analyse the items of an assignment',
    description:
      'Its modules, by the best completed session that each of the students within what the viewer may see has for it: ' +
      'of the sessions that their submitted attempts name, or else of those between when the work was there and when it ' +
      'closed. Excused and exempt work does not count.',
    permission: 'gradebook:read',
    answer: AssignmentAnalysis,
    errors: [404],
  })
  ofAssignment(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AssignmentAnalysis> {
    return this.items.ofAssignment(viewer, id);
  }

  @Get('modules/:id/analysis')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Analyse the items of a module',
    description:
      'The questions of the first completed session with answers that each of the students within what the viewer may ' +
      'see has in it. Answers are read that have a `questionId` of up to 100 characters, and `correct`, true or false, ' +
      'or else a `score` from 0 to 100; of two to one question the first.',
    permission: 'gradebook:read',
    answer: ModuleAnalysis,
    errors: [404],
  })
  ofModule(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ModuleAnalysis> {
    return this.items.ofModule(viewer, id);
  }
}
