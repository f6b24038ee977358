import { Body, Controller, Post, Put } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { SetExemption, SetExemptions, SetExemptionsResponse } from './exemptions.dto.js';
import { ExemptionsService } from './exemptions.service.js';
import { GradingResponse } from './grades.dto.js';

@ApiTags('grades')
@Controller('assignments/:id')
export class ExemptionsController {
  constructor(private readonly exemptions: ExemptionsService) {}

  @Put('submissions/:studentId/exemption')
  @Operation({
    summary: 'Excuse a student from work, or leave its score out',
    permission: 'grades:write',
    answer: GradingResponse,
    errors: [404, 409, 412],
  })
  set(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('studentId') studentId: string,
    @Body() body: SetExemption,
    @IfMatch() version: number | undefined,
  ): Promise<GradingResponse> {
    return this.exemptions.set(viewer, id, studentId, body, version);
  }

  @Post('exemptions')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Excuse many students from work, or leave their scores out',
    permission: 'grades:write',
    answer: SetExemptionsResponse,
    errors: [404, 409],
  })
  setMany(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: SetExemptions,
  ): Promise<SetExemptionsResponse> {
    return this.exemptions.setMany(viewer, id, body);
  }
}
