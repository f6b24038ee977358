import { Body, Controller, Delete, Post, Put, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { NotStored } from '../http/idempotency.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ExtensionBatches } from './extension-batches.service.js';
import { extensionFile } from './extension-row.js';
import { ExtendedSubmission, ExtendMany, ExtendManyResponse, ExtendSubmission, BatchTerms } from './extensions.dto.js';
import { ExtensionsService } from './extensions.service.js';

const example = `pid,until,reason
P-1042,2026-12-07,In hospital until Tuesday
P-1043,2026-12-09T17:00:00Z,Representing the school
`;

@ApiTags('assignments')
@Controller('assignments/:id')
export class ExtensionsController {
  constructor(
    private readonly extensions: ExtensionsService,
    private readonly batches: ExtensionBatches,
  ) {}

  @Put('submissions/:studentId/extension')
  @Operation({
    summary: 'Give a student more time for an assignment',
    description:
      'In place of an extension that there is. When the assignment itself is moved beyond it, the later date counts.',
    permission: 'extensions:write',
    answer: ExtendedSubmission,
    errors: [404, 409, 412, 422],
  })
  extend(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('studentId') studentId: string,
    @Body() body: ExtendSubmission,
    @IfMatch() version: number | undefined,
  ): Promise<ExtendedSubmission> {
    return this.extensions.extend(viewer, id, studentId, body, version);
  }

  @Delete('submissions/:studentId/extension')
  @Operation({
    summary: 'Take an extension back',
    permission: 'extensions:write',
    status: 204,
    errors: [404, 409, 412],
  })
  takeBack(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('studentId') studentId: string,
    @IfMatch() version: number | undefined,
  ): Promise<void> {
    return this.extensions.takeBack(viewer, id, studentId, version);
  }

  @Post('extensions')
  @RouteConfig({ deadlineSeconds: 30, rateLimit: 'expensive' })
  @Operation({
    summary: 'Give many students more time for an assignment',
    description:
      'Students are given one by one, by the filter of the list, or each with a date and reason of their own. One ' +
      'result per student; the same again changes nothing.',
    permission: 'extensions:write',
    answer: ExtendManyResponse,
    errors: [404, 409, 422],
  })
  extendMany(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ExtendMany,
  ): Promise<ExtendManyResponse> {
    return this.batches.extend(viewer, id, body);
  }

  // a file says what is to be, so sending it again is harmless, and it would have to be read before it could be compared
  @Post('extensions/imports')
  @NotStored()
  @RouteConfig({ csvLimitBytes: extensionFile.maxBytes, deadlineSeconds: 60, rateLimit: 'expensive' })
  @ApiConsumes('text/csv')
  @ApiBody({ required: true, schema: { type: 'string', maxLength: extensionFile.maxBytes, example } })
  @Operation({
    summary: 'Give students more time as a CSV file says',
    description:
      'UTF-8, comma or semicolon, up to 10,000 rows and 8 MiB. The first row names the columns: `pid` or `studentId`, ' +
      "`until`, an instant or a day whose end in the tenant's zone is meant, and `reason`. One result per row; the same " +
      'file again changes nothing, so an Idempotency-Key is not needed and has no effect.',
    permission: 'extensions:write',
    answer: ExtendManyResponse,
    errors: [404, 409, 413, 415, 422],
  })
  import(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() query: BatchTerms,
    @Body() file: unknown,
  ): Promise<ExtendManyResponse> {
    return this.batches.import(viewer, id, file, query);
  }
}
