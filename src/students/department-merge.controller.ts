import { Body, Controller, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeQuery } from '../org/thresholds.dto.js';
import { DepartmentMerged, MergeDepartment } from './department-merge.dto.js';
import { DepartmentMerge } from './department-merge.service.js';

@ApiTags('departments')
@Controller('departments')
export class DepartmentsMergeController {
  constructor(private readonly merge: DepartmentMerge) {}

  @Post(':id/merge')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Merge a department into another',
    description:
      'People and departments in it move; thresholds stay those of the other; past days stay as they were recorded. The ' +
      'merged one is closed for good. Refused where active students would then have an instructor of no department above ' +
      'theirs: `errors` names up to a hundred of them by id.',
    permission: 'departments:write',
    answer: DepartmentMerged,
    errors: [404, 409, 412, 422],
  })
  into(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() { dryRun }: ChangeQuery,
    @Body() { intoId }: MergeDepartment,
    @IfMatch() version: number | undefined,
  ): Promise<DepartmentMerged> {
    return this.merge.merge(viewer, id, intoId, dryRun, version);
  }
}
