import type { Readable } from 'node:stream';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock } from '../database/clock.js';
import { Operation } from '../http/operation.js';
import { examplePagination } from '../http/paging.js';
import { tableTypes } from '../http/table-file.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { GradebookCell, GradebookExportQuery, GradebookQuery, GradebookResponse } from './gradebook.dto.js';
import { mostStudents } from './gradebook.repository.js';
import { GradebookService, mostAssignments } from './gradebook.service.js';

const bound = mostStudents.toLocaleString('en');

@ApiTags('gradebook')
@Controller('gradebook')
export class GradebookController {
  constructor(
    private readonly gradebook: GradebookService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @RouteConfig({ rateLimit: 'search' })
  @Operation({
    summary: 'Show students × assignments',
    description:
      'The students of the filter, within what the viewer may see, beside the published assignments that at least one ' +
      'of them has been handed; both in pages. Scores of excused and exempt work do not count in any mean, and what ' +
      `is missing is no score, not 0. Of more than ${bound} students: 422 \`selection_too_large\`.`,
    permission: 'gradebook:read',
    answer: GradebookResponse,
    models: [GradebookCell],
    example: {
      students: [
        {
          id: '0198f000-0000-7000-8000-000000000004',
          name: 'Kathleen Osei',
          pid: 'P-1042',
          departmentId: '0198f000-0000-7000-8000-000000000003',
          mean: 84.5,
          cells: [
            {
              status: 'graded',
              score: 84.5,
              grade: 84.5,
              exemption: null,
              isLate: false,
              isMissing: false,
              isOverdue: false,
              isAwaitingGrade: false,
              effectiveDueAt: '2026-11-20T22:59:00.000Z',
              version: 3,
            },
            null,
          ],
        },
      ],
      assignments: [
        {
          id: '0198f000-0000-7000-8000-000000000006',
          title: 'Phonetic alphabet, part 1',
          dueAt: '2026-11-20T22:59:00.000Z',
          weight: 1,
          status: 'active',
          mean: 79.25,
          n: 18,
        },
        {
          id: '0198f000-0000-7000-8000-000000000007',
          title: 'Radio codes again',
          dueAt: null,
          weight: 0.5,
          status: 'scheduled',
          mean: null,
          n: 0,
        },
      ],
      pagination: examplePagination(1),
      assignmentsPagination: examplePagination(2),
    },
    errors: [404, 422],
  })
  show(@CurrentViewer() viewer: Viewer, @Query() query: GradebookQuery): Promise<GradebookResponse> {
    return this.gradebook.page(viewer, query);
  }

  @Get('export')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Export the gradebook as a file',
    description:
      'Takes the query of the screen: all of its pages, whatever `limit`, `page`, `cursor`, `assignmentsLimit` and ' +
      '`assignmentsPage` say. One row per student: name, number, mean, then a column per assignment with the score, or ' +
      'where none counts `excused`, `exempt`, `missing`, `overdue`, `awaiting grade` or how far the work is; empty ' +
      'where it was not handed out. In CSV an apostrophe stands before text that a spreadsheet would take for a ' +
      `formula. Up to ${bound} students and ${mostAssignments} assignments, else 422 \`selection_too_large\`. Audited.`,
    permission: 'gradebook:read',
    files: {
      [tableTypes.csv]: 'Name,Number,Mean,"Phonetic alphabet, part 1"\r\nKathleen Osei,P-1042,84.5,84.5\r\n',
      [tableTypes.xlsx]: null,
    },
    errors: [404, 422],
  })
  async export(
    @CurrentViewer() viewer: Viewer,
    @Query() query: GradebookExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    const file = await this.gradebook.export(viewer, query);
    const name = `gradebook-${this.clock.now().toISOString().slice(0, 10)}.${query.format}`;
    reply.header('content-type', tableTypes[query.format]);
    reply.header('content-disposition', `attachment; filename="${name}"`);
    return file;
  }
}
