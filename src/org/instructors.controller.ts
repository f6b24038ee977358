import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  ChangeInstructor,
  InstructorChange,
  InstructorDetail,
  InstructorRow,
  InstructorsQuery,
} from './instructors.dto.js';
import { InstructorsService } from './instructors.service.js';
import { ChangeQuery } from './thresholds.dto.js';

@ApiTags('instructors')
@Controller('instructors')
export class InstructorsController {
  constructor(private readonly instructors: InstructorsService) {}

  @Get()
  @Operation({
    summary: 'List instructors by name',
    description:
      'An administrator or a service sees all, a supervisor those of the own department and below. An instructor sees ' +
      'the names of active colleagues there, to choose a substitute from, and more only of the own row.',
    permission: 'instructors:read',
    answer: InstructorRow,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: InstructorsQuery): Promise<Page<InstructorRow>> {
    return this.instructors.list(viewer, query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show an instructor',
    permission: 'instructors:read',
    answer: InstructorDetail,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<InstructorDetail> {
    return this.instructors.get(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: "Change an instructor's profile",
    description:
      'Only the fields that are given. What the instructor may do changes at once for writes, for reads with the next ' +
      'access token. `effect` says for how many students a threshold decides otherwise; their rows follow within seconds.',
    permission: 'instructors:write',
    answer: InstructorChange,
    errors: [404, 409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() { dryRun }: ChangeQuery,
    @Body() body: ChangeInstructor,
    @IfMatch() version: number | undefined,
  ): Promise<InstructorChange> {
    return this.instructors.change(viewer, id, body, dryRun, version);
  }
}
