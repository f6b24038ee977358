import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StatisticsResponse } from '../analytics/dashboard.dto.js';
import { NotStored } from '../http/idempotency.js';
import { Operation } from '../http/operation.js';
import { TakesTicket } from '../http/ticket.js';
import {
  ByeEvent,
  EventsQuery,
  MessageEvent,
  NotificationEvent,
  ProgressEvent,
  ReportEvent,
  ResetEvent,
  RiskEvent,
  SubmissionEvent,
  TicketResponse,
} from './live.dto.js';
import { LastEventId, Opening } from './opening.js';
import { mostOfViewer } from './streams.js';

@ApiTags('events')
@Controller('events')
export class LiveController {
  constructor(private readonly opening: Opening) {}

  @Post('tickets')
  @NotStored()
  @Operation({
    summary: 'Get a ticket to open a stream of events with',
    description:
      'For `EventSource` of browsers, which sends no header: `/events?ticket=…`, with `lastEventId` where it goes on. Good ' +
      'for half a minute. A stream that was opened with it ends when the token would that this was asked for with.',
    permission: 'events:read',
    status: 201,
    answer: TicketResponse,
    example: { ticket: 'bdc1…', expiresAt: '2026-11-20T08:30:30.000Z' },
  })
  ticket(@Req() request: FastifyRequest): Promise<TicketResponse> {
    return this.opening.ticket(request);
  }

  @Get()
  @TakesTicket()
  @Operation({
    summary: 'Listen to what happens',
    description:
      'Server-Sent Events (WHATWG HTML, 9.2) about the students whom the viewer sees, and about what is the viewer’s own. ' +
      'The `data` of each event is one line of JSON. With the id of the last event that was received, what was missed ' +
      'comes first, for 24 hours; after that, or for an id that is not ours, one `reset`. `dashboard` has no id: it is ' +
      'what is true now, sent when something changes, at most once a second. Comments keep the connection alive. An ' +
      `expired token or lost access ends the stream with \`bye\`. A viewer may have ${mostOfViewer} streams, then 429 ` +
      '`streams_exceeded`; a client that reads too slowly is cut off, and resumes by its id.',
    permission: 'events:read',
    events: {
      progress: ProgressEvent,
      risk: RiskEvent,
      submission: SubmissionEvent,
      message: MessageEvent,
      notification: NotificationEvent,
      report: ReportEvent,
      dashboard: StatisticsResponse,
      reset: ResetEvent,
      bye: ByeEvent,
    },
    example:
      'id: 4712\nevent: progress\n' +
      'data: {"studentId":"0198f000-0000-7000-8000-000000000004","at":"2026-11-20T08:41:00.000Z"}\n\n',
  })
  listen(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query() { lastEventId, ...query }: EventsQuery,
    @LastEventId() header: string | undefined,
  ): Promise<void> {
    return this.opening.open(request, reply, { ...query, lastEventId: header ?? lastEventId });
  }
}
