import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { QuestionsQuery, QuestionsResponse } from './questions.dto.js';
import { QuestionsService } from './questions.service.js';

@ApiTags('analytics')
@Controller('analytics/questions')
export class QuestionsController {
  constructor(private readonly questions: QuestionsService) {}

  @Get()
  @Operation({
    summary: 'List the questions of a module, hardest first',
    description:
      'Of answers in completed and abandoned sessions that name their question, by the instructor and department of ' +
      'their day. Whether a question tells students apart is said by `/modules/{id}/analysis`. Services need ' +
      '`students:read` as well.',
    permission: 'analytics:read',
    answer: QuestionsResponse,
    errors: [404],
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: QuestionsQuery): Promise<JsonBytes> {
    return this.questions.list(viewer, query);
  }
}
