import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { InterventionOpenings } from './intervention-openings.service.js';
import {
  AddNote, ChangeIntervention, DismissIntervention, Intervention, InterventionCounts, InterventionDetail,
  InterventionFilter, InterventionsQuery, OpenedInterventions, OpenIntervention, OpenInterventions, RecordContact,
  ReopenIntervention, ResolveIntervention, SnoozeIntervention,
} from './interventions.dto.js'; // prettier-ignore
import { InterventionsService } from './interventions.service.js';

/** Of every change to a case. */
const change = {
  permission: 'interventions:write',
  answer: Intervention,
  errors: [404, 409, 412, 428] as const,
};

@ApiTags('interventions')
@Controller('interventions')
export class InterventionsController {
  constructor(
    private readonly interventions: InterventionsService,
    private readonly openings: InterventionOpenings,
  ) {}

  @Get()
  @Operation({
    summary: 'List interventions',
    description: 'Cases on students whom the viewer may see, also on those who have left.',
    permission: 'interventions:read',
    answer: Intervention,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: InterventionsQuery): Promise<Page<Intervention>> {
    return this.interventions.list(viewer, query);
  }

  @Get('counts')
  @Operation({
    summary: 'Count interventions by status',
    description: 'The filter is that of the list; `limit`, `page` and `cursor` do not count.',
    permission: 'interventions:read',
    answer: InterventionCounts,
  })
  count(@CurrentViewer() viewer: Viewer, @Query() filter: InterventionFilter): Promise<InterventionCounts> {
    return this.interventions.count(viewer, filter);
  }

  @Post()
  @Operation({
    summary: 'Open an intervention',
    description:
      'On an active student, who has no other open case: else 409, which names that one. One from a flag closes itself ' +
      'when the student has not been at risk on two evenings in a row, unless somebody reopens it.',
    permission: 'interventions:write',
    status: 201,
    answer: Intervention,
    errors: [404, 409, 422],
  })
  open(@CurrentViewer() viewer: Viewer, @Body() body: OpenIntervention): Promise<Intervention> {
    return this.openings.open(viewer, body);
  }

  @Post('bulk')
  @RouteConfig({ deadlineSeconds: 30, rateLimit: 'expensive' })
  @Operation({
    summary: 'Open interventions on many students',
    description:
      'Up to 1,000, given one by one, by the filter of the list or by a segment. One result per student; the same again ' +
      'changes nothing.',
    permission: 'interventions:write',
    answer: OpenedInterventions,
    errors: [404, 422],
  })
  openMany(@CurrentViewer() viewer: Viewer, @Body() body: OpenInterventions): Promise<OpenedInterventions> {
    return this.openings.openMany(viewer, body);
  }

  @Get(':id')
  @Operation({
    summary: 'Show an intervention',
    description: 'With what has happened in it. Reading it is audited.',
    permission: 'interventions:read',
    answer: InterventionDetail,
    errors: [404],
  })
  detail(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<InterventionDetail> {
    return this.interventions.detail(viewer, id);
  }

  @Patch(':id')
  @Operation({
    ...change,
    summary: 'Change an intervention',
    description: 'Whose it is, until when, and why; until it is closed.',
    errors: [...change.errors, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ChangeIntervention,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.change(viewer, id, version, body);
  }

  @Post(':id/notes')
  @Operation({ ...change, summary: 'Write a note into an intervention', description: 'Also into one that is closed.' })
  note(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: AddNote,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.note(viewer, id, version, body);
  }

  @Post(':id/contact')
  @Operation({
    ...change,
    summary: 'Record that the student was contacted',
    description: 'As often as it happens. What the case itself says of action, time and score is of the first time.',
  })
  contact(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: RecordContact,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.contact(viewer, id, version, body);
  }

  @Post(':id/resolve')
  @Operation({
    ...change,
    summary: 'Resolve an intervention',
    description: 'Whether the student was contacted or not.',
  })
  resolve(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ResolveIntervention,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.resolve(viewer, id, version, body);
  }

  @Post(':id/dismiss')
  @Operation({ ...change, summary: 'Dismiss an intervention', description: 'The student was wrongly flagged.' })
  dismiss(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: DismissIntervention,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.dismiss(viewer, id, version, body);
  }

  @Post(':id/snooze')
  @Operation({
    ...change,
    summary: 'Let an intervention sleep until a day',
    description: 'It is not overdue meanwhile, and still closes itself.',
    errors: [...change.errors, 422],
  })
  snooze(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: SnoozeIntervention,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.snooze(viewer, id, version, body);
  }

  @Post(':id/reopen')
  @Operation({
    ...change,
    summary: 'Reopen an intervention',
    description: 'It is open, or contacted, as it was before. From then on it no longer closes itself.',
  })
  reopen(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: ReopenIntervention,
    @IfMatch({ required: true }) version: number,
  ): Promise<Intervention> {
    return this.interventions.reopen(viewer, id, version, body);
  }
}
