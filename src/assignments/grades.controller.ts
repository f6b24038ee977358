import { Body, Controller, Get, Post, Put, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { readCsvFile } from '../http/csv-file.js';
import { NotStored } from '../http/idempotency.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { GradeRelease } from './grade-release.service.js';
import { gradeColumns, gradeFile, readGradeCells, readGradeItems } from './grade-rows.js';
import {
  BulkOptions,
  GiveGrade,
  GiveGrades,
  GiveGradesResponse,
  GradeChangeResponse,
  GradeReleaseResponse,
  GradingResponse,
} from './grades.dto.js';
import { GradesService } from './grades.service.js';

const example = `pid,grade,feedback,reason
P-1042,85,Clear call signs,
P-1043,72.5,,Recount of task 3
`;

@ApiTags('grades')
@Controller('assignments/:id')
export class GradesController {
  constructor(
    private readonly grades: GradesService,
    private readonly releases: GradeRelease,
  ) {}

  @Put('submissions/:studentId/grade')
  @Operation({
    summary: "Grade a student's work",
    description:
      'Also of work that was not handed in, which thereby is not done. What is there already is replaced only with ' +
      'the `version` that was read in If-Match, and a grade that was given only with a reason.',
    permission: 'grades:write',
    answer: GradingResponse,
    errors: [404, 409, 412, 422],
  })
  give(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('studentId') studentId: string,
    @Body() body: GiveGrade,
    @IfMatch() version: number | undefined,
  ): Promise<GradingResponse> {
    return this.grades.give(viewer, id, studentId, body, version);
  }

  @Get('submissions/:studentId/grades')
  @Operation({
    summary: "List the changes of a student's grade",
    description: 'Latest first: who changed it when, from what, to what, and why. Exemptions are among them.',
    permission: 'gradebook:read',
    answer: GradeChangeResponse,
    shape: 'page',
    errors: [404],
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000009',
          createdAt: '2026-11-20T08:30:00Z',
          actorId: '0198f000-0000-7000-8000-000000000002',
          actorRole: 'instructor',
          actorName: 'Ada Okafor',
          from: { grade: 70, gradePenalty: 0, feedback: null, exemption: null },
          to: { grade: 72.5, gradePenalty: 0, feedback: null, exemption: null },
          reason: 'Recount of task 3',
          batchId: null,
          undoesId: null,
          isUndone: false,
        },
      ],
      pagination: examplePagination(1),
    },
  })
  history(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IdParam('studentId') studentId: string,
    @Query() query: PageQuery,
  ): Promise<Page<GradeChangeResponse>> {
    return this.grades.history(viewer, id, studentId, query);
  }

  @Post('grades')
  @RouteConfig({ checksText: true, rateLimit: 'expensive' })
  @Operation({
    summary: 'Grade the work of many students',
    description:
      'Each row is answered on its own. A grade that was given is replaced where its row has a reason, and, with a ' +
      '`version`, where nobody has changed it since. The same rows again change nothing.',
    permission: 'grades:write',
    answer: GiveGradesResponse,
    errors: [404, 409, 413],
  })
  giveMany(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() { grades, ...options }: GiveGrades,
  ): Promise<GiveGradesResponse> {
    return this.grades.giveMany(viewer, id, readGradeItems(grades), options);
  }

  // a file says what is to be, so sending it again is harmless, and it would have to be read before it could be compared
  @Post('grades/imports')
  @NotStored()
  @RouteConfig({ csvLimitBytes: gradeFile.maxBytes, deadlineSeconds: 60, rateLimit: 'expensive' })
  @ApiConsumes('text/csv')
  @ApiBody({ required: true, schema: { type: 'string', maxLength: gradeFile.maxBytes, example } })
  @Operation({
    summary: 'Grade the work of many students from a CSV file',
    description:
      `UTF-8, comma or semicolon, up to ${gradeFile.maxRows.toLocaleString('en')} rows and 8 MiB; the first row names ` +
      `the columns, of ${gradeColumns.map((column) => `\`${column}\``).join(', ')}. \`grade\` and one of pid and ` +
      'studentId must be there. An empty cell leaves what is there. The same file again changes nothing, so an ' +
      'Idempotency-Key is not needed and has no effect.',
    permission: 'grades:write',
    answer: GiveGradesResponse,
    errors: [404, 409, 413, 415, 422],
  })
  async import(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() options: BulkOptions,
    @Body() file: unknown,
  ): Promise<GiveGradesResponse> {
    const rows = (await readCsvFile(file, gradeFile)).map((cells, index) => readGradeCells(index + 1, cells));
    return this.grades.giveMany(viewer, id, rows, options);
  }

  @Post('release-grades')
  @Operation({
    summary: "Show students the grades of one's own assignment",
    description: 'Those given until now and later ones, with feedback and the score of attempts.',
    permission: 'grades:write',
    answer: GradeReleaseResponse,
    errors: [404, 409],
  })
  release(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<GradeReleaseResponse> {
    return this.releases.set(viewer, id, true);
  }

  @Post('hide-grades')
  @Operation({
    summary: "Hide the grades of one's own assignment from students again",
    permission: 'grades:write',
    answer: GradeReleaseResponse,
    errors: [404, 409],
  })
  hide(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<GradeReleaseResponse> {
    return this.releases.set(viewer, id, false);
  }
}
