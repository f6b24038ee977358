import { createParamDecorator, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticators, tokenOf, type Verified } from '../auth/authenticators.js';
import { Tickets } from '../auth/tickets.js';
import { Problem } from '../http/problem.js';
import { DashboardEvents } from './dashboard-events.js';
import { EventStream } from './event-stream.js';
import type { EventsQuery, TicketResponse } from './live.dto.js';
import { LiveEventsRepository } from './live-events.repository.js';
import { Streams } from './streams.js';

const pageSize = 500;
/** Events of others that one statement looks at: who hears little would otherwise be looked for in all of a day's. */
const mostPassedOver = 20_000;

const read = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const id = context.switchToHttp().getRequest<FastifyRequest>().headers['last-event-id'];
  // browsers send it empty where they know of none
  return typeof id === 'string' && id !== '' ? id : undefined;
});

/** The header by which a client says what it knows. */
export function LastEventId(): ParameterDecorator {
  return (target, key, index) => {
    read()(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || !descriptor) return;
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'Id of the last event that was received; left out: from now on',
      schema: { type: 'string', maxLength: 100, example: '4711' },
    })(target, key, descriptor);
  };
}

/** Opens streams: who asks, from where on, and what was missed. */
@Injectable()
export class Opening {
  private readonly logger = new Logger('LiveEvents');

  constructor(
    private readonly events: LiveEventsRepository,
    private readonly streams: Streams,
    private readonly dashboards: DashboardEvents,
    private readonly authenticators: Authenticators,
    private readonly tickets: Tickets,
  ) {}

  /** For clients that can send no header. It says who asks, and whoever opens a stream with it has that stream as long. */
  async ticket(request: FastifyRequest): Promise<TicketResponse> {
    const { verified, viewer } = await this.enter(tokenOf(request)!, null);
    return this.tickets.issue({ ...verified, viewer });
  }

  /** @throws Problem before the stream has begun: 401, 429, 503 */
  async open(request: FastifyRequest, reply: FastifyReply, query: EventsQuery): Promise<void> {
    const { kinds, lastEventId, ticket = '' } = query;
    const free = this.streams.reserve(request.viewer!);
    try {
      const token = tokenOf(request);
      const entry = await this.enter(token ?? '', token === null ? this.tickets.read(ticket) : null);
      await this.streams.begin();
      const start = lastEventId === undefined ? null : await this.startAt(lastEventId);
      // the deadline was faster, or the client
      if (reply.sent || reply.raw.destroyed) return free();
      beginAnswer(request, reply);
      if (request.method === 'HEAD') {
        reply.raw.end();
        return free();
      }
      const stream = new EventStream(reply.raw, entry.viewer, kinds, entry);
      const remove = this.streams.add(stream);
      reply.raw.on('close', () => {
        remove();
        free();
      });
      // without a pause between the two: what is published in between would be lost
      const { position } = this.streams;
      stream.write(`retry: ${2_000 + Math.floor(Math.random() * 3_000)}\n\n`);
      if (start === null) stream.startAt(position);
      else if (typeof start === 'string') {
        stream.startAt(position);
        stream.write(`event: reset\nid: ${position}\ndata: ${JSON.stringify({ reason: start })}\n\n`);
        if (stream.wantsDashboard) this.dashboards.ask(stream);
      } else {
        stream.hold(start);
        void this.catchUp(stream, start, position);
      }
    } catch (error) {
      free();
      throw error;
    }
  }

  /** A stream outlives what is remembered of a token, so it is asked for anew. @param token an empty one is never good */
  private async enter(
    token: string,
    ticket: Verified | null,
  ): Promise<EventStream['entry'] & { readonly viewer: EventStream['viewer'] }> {
    const verified = ticket ?? (await this.authenticators.verify(token));
    const viewer = verified && (await this.streams.recall(verified));
    if (!viewer) throw Problem.ofStatus(401)!;
    return { token, verified, viewer };
  }

  /** The position that an id says, or why it cannot be gone on from. */
  private async startAt(id: string): Promise<number | 'too_old' | 'unknown'> {
    const { oldest, newest } = await this.events.findBounds();
    if (!/^(0|[1-9]\d{0,14})$/.test(id) || Number(id) > newest) return 'unknown';
    return Number(id) < oldest - 1 ? 'too_old' : Number(id);
  }

  /** What was missed, in pages, as fast as it is taken; then what was published meanwhile. */
  private async catchUp(stream: EventStream, from: number, upTo: number): Promise<void> {
    try {
      for (let after = from; after < upTo && !stream.isGone;) {
        const end = Math.min(upTo, after + mostPassedOver);
        const page = await this.events.listHeard(stream.viewer, stream.liveKinds, { after, upTo: end }, pageSize);
        await stream.replay(page);
        if (page.some((event) => stream.wantsDashboardAfter(event))) this.dashboards.ask(stream);
        after = page.length === pageSize ? page.at(-1)!.id : end;
      }
      stream.resume();
    } catch (error) {
      this.logger.warn({ message: 'events cannot be told again now', error: String(error) });
      stream.drop();
    }
  }
}

function beginAnswer({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  // what hooks have set so far, CORS and limits among it
  const headers = { ...reply.getHeaders() } as Record<string, string | number | string[]>;
  reply.raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would collect it
    'x-accel-buffering': 'no',
  });
  raw.socket.setKeepAlive(true, 30_000);
  reply.raw.flushHeaders();
}
