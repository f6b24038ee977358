import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { HistoryQuery, RiskDetail, RiskEvaluation, WhatIf, WhatIfResponse } from './risk.dto.js';
import { RiskExplanation } from './risk-explanation.service.js';

@ApiTags('risk')
@Controller('students/:id/risk')
export class RiskController {
  constructor(private readonly explanation: RiskExplanation) {}

  @Get()
  @Operation({
    summary: "Explain a student's risk score",
    description:
      'The score that lists show, what it is made of with its evidence, and what would lower it. A student who has not ' +
      'been scored yet is scored as of now. Reading it is audited.',
    permission: 'risk:read',
    answer: RiskDetail,
    errors: [404],
  })
  detail(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<RiskDetail> {
    return this.explanation.explain(viewer, id);
  }

  @Get('history')
  @Operation({
    summary: "List a student's risk scores, newest first",
    description: 'As they were at the time, by the model of the time. Reading them is audited.',
    permission: 'risk:read',
    answer: RiskEvaluation,
    shape: 'page',
    errors: [404],
  })
  history(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() query: HistoryQuery,
  ): Promise<Page<RiskEvaluation>> {
    return this.explanation.history(viewer, id, query);
  }

  @Post('what-if')
  @Operation({
    summary: "Tell what a student's risk score would be",
    description:
      'Had something been done today, by the model in use, against the cohort that the present score was measured ' +
      'against. Changes nothing. Asking is audited.',
    permission: 'risk:read',
    answer: WhatIfResponse,
    errors: [404, 422],
  })
  whatIf(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: WhatIf): Promise<WhatIfResponse> {
    return this.explanation.whatIf(viewer, id, body);
  }
}
