import { Body, Controller, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { IngestionService } from './ingestion.service.js';
import { RecordSessionsRequest, RecordSessionsResponse } from './sessions.dto.js';

@ApiTags('activity')
@Controller('activity')
export class SessionsController {
  constructor(private readonly ingestion: IngestionService) {}

  @Post('sessions')
  @RouteConfig({ checksText: true })
  @Operation({
    summary: 'Record sessions of practice',
    description:
      'Takes 1 to 1,000 sessions, of the student who asks or, from a service, of any student. Each item is answered ' +
      'on its own: one at fault does not cost the others. The same session may be sent again at any time; a session ' +
      'with a newer `updatedAt` replaces the stored one, and every number follows.',
    permission: 'sessions:write',
    answer: RecordSessionsResponse,
    errors: [413, 415],
  })
  async record(
    @CurrentViewer() viewer: Viewer,
    @Body() { sessions }: RecordSessionsRequest,
  ): Promise<RecordSessionsResponse> {
    const results = await this.ingestion.ingest(viewer, sessions);
    const count = (status: string): number => results.filter((result) => result.status === status).length;
    return {
      accepted: count('accepted'),
      duplicates: count('duplicate'),
      rejected: count('rejected'),
      results: results as RecordSessionsResponse['results'],
    };
  }
}
