import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Idempotency, sendStored, StoredAnswer } from './idempotency.js';
import type { Log } from './log.js';
import { Problem, toProblem } from './problem.js';
import { tracesOf } from './trace.js';

const unknown = new Problem(500, 'internal_error', { detail: 'Something went wrong. It has been written down.' });

/** Everything that is thrown becomes `application/problem+json`; a bug tells nothing and is logged once. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly idempotency: Idempotency,
    /** Told of 403 and 404 before they are answered; must not reject. */
    private readonly refused: (request: FastifyRequest, problem: Problem) => Promise<void>,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void | Promise<void> {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof StoredAnswer) return sendStored(reply, error.earlier);
    const problem = toProblem(error) ?? unknown;
    const { code, status, cause } = problem;
    const about = { category: 'http', ...tracesOf(request), durationSeconds: reply.elapsedTime / 1000, code };
    if (problem === unknown) this.log.error({ ...about, err: error }, 'request failed');
    else if (status === 503) this.log.warn({ ...about, err: cause ?? problem }, code);
    const isRefusal = status === 403 || status === 404;
    if (!request.claim && !isRefusal) return sendProblem(reply, problem);
    return this.follow(request, problem, isRefusal).then(() => sendProblem(reply, problem));
  }

  private async follow(request: FastifyRequest, problem: Problem, isRefusal: boolean): Promise<void> {
    if (isRefusal) await this.refused(request, problem);
    if (request.claim) await this.idempotency.refused(request);
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  // the deadline has answered, or a stream broke off half-way
  if (reply.sent || reply.raw.headersSent) {
    if (!reply.sent) reply.raw.destroy();
    return;
  }
  for (const name of ['etag', 'content-encoding', 'link', 'content-length']) reply.removeHeader(name);
  reply.code(problem.status).header('cache-control', 'no-store').header('content-type', 'application/problem+json');
  // not there yet where the router refused by itself
  reply.header('x-request-id', reply.request.id);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.headers) reply.headers(problem.headers);
  reply.send(Buffer.from(JSON.stringify(problem.toDocument(reply.request.id))));
}
