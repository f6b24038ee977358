import { Body, Controller, Get, Patch, Post, Put, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { JsonBytes } from '../http/answer.js';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { examplePagination } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { StudentListQuery } from './student-filter.js';
import { StudentReads } from './student-reads.js';
import {
  AssignInstructor,
  AssignStudents,
  AssignStudentsResponse,
  ChangeStudent,
  StudentDetail,
  StudentGoals,
  StudentRow,
} from './students.dto.js';
import { StudentsService } from './students.service.js';

@ApiTags('students')
@Controller('students')
export class StudentsController {
  constructor(
    private readonly reads: StudentReads,
    private readonly students: StudentsService,
  ) {}

  @Get()
  @RouteConfig({ rateLimit: 'search' })
  @Operation({
    summary: 'List students',
    description:
      'Active students within what the viewer may see: an instructor their roster, a supervisor their department and ' +
      'all below it, an administrator or a service the tenant, a student themselves.',
    permission: 'students:read',
    answer: StudentRow,
    shape: 'page',
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000004',
          name: 'Kathleen Osei',
          email: 'k.osei@example.org',
          pid: 'P-1042',
          departmentId: '0198f000-0000-7000-8000-000000000003',
          departmentName: 'Dispatch',
          instructorId: '0198f000-0000-7000-8000-000000000002',
          instructorName: 'Ada Okafor',
          joinedOn: '2026-09-01',
          badge: 'active',
          overallScore: 81.5,
          completionRate: 75,
          assignmentsAssigned: 8,
          assignmentsCompleted: 6,
          assignmentsOverdue: 1,
          quizAccuracy: 84.25,
          voiceAccuracy: 78,
          improvementRate: 2.5,
          consistencyScore: 64.29,
          currentStreak: 4,
          longestStreak: 11,
          sessionsCompleted: 57,
          totalTimeSpentSeconds: 41_280,
          lastActiveOn: '2026-11-20',
          lastActiveAt: '2026-11-20T08:41:00Z',
          riskScore: null,
          riskBand: null,
        },
      ],
      pagination: examplePagination(1),
    },
    errors: [404],
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: StudentListQuery): Promise<JsonBytes> {
    return this.reads.list(viewer, query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show one student',
    description:
      "Overview, categories, recent sessions, achievements, peers and timeline. Reading another person's is audited.",
    permission: 'students:read',
    answer: StudentDetail,
    errors: [404],
  })
  detail(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<JsonBytes> {
    return this.reads.detail(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: "Change a student's goals",
    permission: 'students:write',
    answer: StudentGoals,
    errors: [404, 412],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() change: ChangeStudent,
    @IfMatch() version: number | undefined,
  ): Promise<StudentGoals> {
    return this.students.changeGoals(viewer, id, change, version);
  }

  @Put(':id/instructor')
  @Operation({
    summary: 'Assign or reassign the instructor of a student',
    description: 'From now on; who was responsible before stays on record, and so do the snapshots of past days.',
    permission: 'rosters:write',
    status: 204,
    errors: [404, 422],
  })
  assignOne(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: AssignInstructor): Promise<void> {
    return this.students.assignOne(viewer, id, body);
  }

  @Post('assign')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Assign or reassign the instructor of many students',
    description: 'Students are given one by one or by the filter of the list. One result per student.',
    permission: 'rosters:write',
    answer: AssignStudentsResponse,
    errors: [422],
  })
  assign(@CurrentViewer() viewer: Viewer, @Body() body: AssignStudents): Promise<AssignStudentsResponse> {
    return this.students.assign(viewer, body);
  }
}
