import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeReportSchedule, CreateReportSchedule, ReportScheduleResponse } from './report-schedules.dto.js';
import type { ScheduleRow } from './report-schedules.repository.js';
import { clockTime, ReportSchedulesService } from './report-schedules.service.js';

const example: ReportScheduleResponse = {
  id: '0198f000-0000-7000-8000-000000000009',
  ownerId: '0198f000-0000-7000-8000-000000000002',
  ownerName: 'Ada Okafor',
  name: 'Activity of the week',
  kind: 'activity',
  format: 'pdf',
  filter: { departmentId: '0198f000-0000-7000-8000-000000000003' },
  period: 'lastWeek',
  every: 'week',
  at: '07:00',
  weekday: 1,
  monthDay: null,
  recipients: ['0198f000-0000-7000-8000-000000000002'],
  purpose: null,
  isActive: true,
  nextAt: '2026-11-23T07:00:00.000Z',
  lastAt: '2026-11-16T07:00:00.000Z',
  lastError: null,
  version: 1,
  createdAt: '2026-11-09T08:30:00.000Z',
};
const answer = { answer: ReportScheduleResponse, example };

@ApiTags('reports')
@Controller('report-schedules')
export class ReportSchedulesController {
  constructor(private readonly schedules: ReportSchedulesService) {}

  @Get()
  @Operation({
    summary: "List one's own report schedules, newest first",
    description: 'Administrators see those of all.',
    permission: 'reports:read',
    ...answer,
    shape: 'page',
    example: { data: [example], pagination: examplePagination(1) },
  })
  async list(@CurrentViewer() viewer: Viewer, @Query() query: PageQuery): Promise<Page<ReportScheduleResponse>> {
    const { data, pagination } = await this.schedules.list(viewer, query);
    return { data: data.map(shown), pagination };
  }

  @Post()
  @Operation({
    summary: 'Have a report made again and again',
    description:
      'At each run the report is asked for as its owner, with what the owner may see by then, and stands in the lists of ' +
      'reports of owner and recipients. When it is ready each recipient is mailed a link, which wants a sign-in: the mail ' +
      'has nothing of the report itself. Recipients must be staff who may see all that it shows, now and at each run, else ' +
      '422 `recipient_unsuitable`. A run that was missed is made up for once. Who loses the right to the report, or ' +
      'leaves, stops having schedules: `isActive` is false then, and `lastError` says why. Not for services.',
    permission: 'reports:write',
    status: 201,
    ...answer,
    errors: [404, 409, 422],
  })
  async create(@CurrentViewer() viewer: Viewer, @Body() body: CreateReportSchedule): Promise<ReportScheduleResponse> {
    return shown(await this.schedules.create(viewer, body));
  }

  @Get(':id')
  @Operation({ summary: 'Show a report schedule', permission: 'reports:read', ...answer, errors: [404] })
  async get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<ReportScheduleResponse> {
    return shown(await this.schedules.get(viewer, id));
  }

  @Patch(':id')
  @Operation({
    summary: "Change one's own report schedule, or stop somebody's",
    description: 'Administrators may stop those of others, with `isActive` alone.',
    permission: 'reports:write',
    ...answer,
    errors: [404, 412, 422, 428],
  })
  async change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeReportSchedule,
    @IfMatch({ required: true }) version: number,
  ): Promise<ReportScheduleResponse> {
    return shown(await this.schedules.change(viewer, id, body, version));
  }

  @Delete(':id')
  @Operation({
    summary: "Delete one's own report schedule",
    description: 'Its reports stay.',
    permission: 'reports:write',
    status: 204,
    errors: [404, 412],
  })
  delete(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @IfMatch() version?: number): Promise<void> {
    return this.schedules.delete(viewer, id, version);
  }
}

function shown({ atMinute, ...schedule }: ScheduleRow): ReportScheduleResponse {
  return { ...schedule, at: clockTime({ atMinute }) };
}
