import { Body, Controller, Get, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AttemptResponse, SaveAttempt, StartAttempt, SubmitAttempt } from './attempts.dto.js';
import { AttemptsService } from './attempts.service.js';
import { SubmissionReads } from './submission-reads.js';

@ApiTags('submissions')
@Controller('attempts')
export class AttemptsController {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly reads: SubmissionReads,
  ) {}

  @Post()
  @Operation({
    summary: 'Begin an attempt',
    description:
      'Refused with `assignment_not_open`, `assignment_closed`, `attempts_used`, `retake_denied`, or `attempt_open` ' +
      'while another one is: one at a time.',
    permission: 'submissions:write',
    status: 201,
    answer: AttemptResponse,
    errors: [404, 409],
  })
  start(@CurrentViewer() viewer: Viewer, @Body() body: StartAttempt): Promise<AttemptResponse> {
    return this.attempts.start(viewer, body);
  }

  @Get(':id')
  @Operation({
    summary: 'Show an attempt',
    description: "Reading another person's is audited.",
    permission: 'submissions:read',
    answer: AttemptResponse,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<AttemptResponse> {
    return this.reads.getAttempt(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Save an attempt',
    description: 'While it is open. What is left out stays as it was saved.',
    permission: 'submissions:write',
    answer: AttemptResponse,
    errors: [404, 409],
  })
  save(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: SaveAttempt): Promise<AttemptResponse> {
    return this.attempts.save(viewer, id, body);
  }

  @Post(':id/submit')
  @Operation({
    summary: 'Submit an attempt',
    description:
      'For good: it does not change any more, and submitting it again answers the same. After the due date it is late; ' +
      'refused with `assignment_closed` once nothing is taken any more, and with `assignment_not_open` while the ' +
      'assignment is paused, which leaves what was saved as it is.',
    permission: 'submissions:write',
    answer: AttemptResponse,
    errors: [404, 409],
  })
  submit(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() body: SubmitAttempt,
  ): Promise<AttemptResponse> {
    return this.attempts.submit(viewer, id, body);
  }
}
