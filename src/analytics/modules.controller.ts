import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { DifficultyQuery, DifficultyResponse, ModulesQuery, ModulesResponse } from './modules.dto.js';
import { mostStudentDays, ModuleFiguresService } from './modules.service.js';

const meaning =
  'Sessions belong to the instructor and department of their day, and stay there; categories, difficulties and ' +
  'departments are today’s. Of a segment the sessions of its students are read one by one: students × days up to ' +
  `${mostStudentDays.toLocaleString('en')}, for who may read segments.`;

@ApiTags('analytics')
@Controller('analytics')
export class ModuleFiguresController {
  constructor(private readonly figures: ModuleFiguresService) {}

  @Get('modules')
  @Operation({
    summary: 'Show how each module goes',
    description: `Every module that is offered, with zeros where nobody worked on it, and retired ones with sessions. ${meaning}`,
    permission: 'analytics:read',
    answer: ModulesResponse,
    errors: [404],
  })
  modules(@CurrentViewer() viewer: Viewer, @Query() query: ModulesQuery): Promise<JsonBytes> {
    return this.figures.modules(viewer, query);
  }

  @Get('difficulty')
  @Operation({
    summary: 'Show how modules of each difficulty go',
    description: `What \`/analytics/modules\` says, added up by difficulty, and by category and difficulty. ${meaning}`,
    permission: 'analytics:read',
    answer: DifficultyResponse,
    errors: [404],
  })
  difficulty(@CurrentViewer() viewer: Viewer, @Query() query: DifficultyQuery): Promise<JsonBytes> {
    return this.figures.difficulty(viewer, query);
  }
}
