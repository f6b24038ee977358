import { createHash } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, Logger, SetMetadata } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonBytes } from './answer.js';
import { type Earlier, IdempotencyRepository } from './idempotency.repository.js';
import { Problem } from './problem.js';

const NOT_STORED = 'http:notStored';
const keptHeaders = ['location', 'link'] as const;

/** A POST whose answer holds secrets: nothing of it is kept, and its `Idempotency-Key` does nothing. */
export const NotStored = (): MethodDecorator => SetMetadata(NOT_STORED, true);

/** Thrown by the guard in place of executing again: the answer of the request that had the key first. */
export class StoredAnswer extends Error {
  constructor(readonly earlier: Earlier) {
    super('this request has been answered before');
  }
}

/**
 * `Idempotency-Key` on every POST (draft-ietf-httpapi-idempotency-key-header), per viewer. Runs behind the guard that
 * knows the viewer. Successful answers are kept; a refusal changed nothing, so it gives the key back and a retry is
 * judged anew.
 */
@Injectable()
export class Idempotency implements CanActivate {
  private readonly logger = new Logger('Idempotency');

  constructor(private readonly keys: IdempotencyRepository) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const header = request.headers['idempotency-key'];
    if (header === undefined || request.method !== 'POST' || !request.viewer) return true;
    if (Reflect.getMetadata(NOT_STORED, context.getHandler()) === true) return true;
    return this.begin(request, keyOf(header));
  }

  /** Keeps a successful answer, also of a request whose deadline has passed: its client will ask again. */
  async succeeded(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    answer: JsonBytes | null,
  ): Promise<void> {
    const { claim } = request;
    if (!claim) return;
    request.claim = undefined;
    const headers: Record<string, string> = answer ? { 'content-type': 'application/json; charset=utf-8' } : {};
    for (const name of keptHeaders) {
      const value = reply.getHeader(name);
      if (value !== undefined) headers[name] = String(value);
    }
    await this.settle(this.keys.complete(claim, status, headers, answer?.body.toString() ?? ''));
  }

  async refused(request: FastifyRequest): Promise<void> {
    const { claim } = request;
    if (!claim) return;
    request.claim = undefined;
    await this.settle(this.keys.release(claim));
  }

  private async begin(request: FastifyRequest, key: string): Promise<true> {
    const { tenantId, userId } = request.viewer!;
    const requestHash = createHash('sha256')
      .update(`${request.method} ${request.url}\n${request.bodyHash ?? ''}`)
      .digest('base64url');
    const claim = await this.keys.claim(tenantId, userId, key, request.template ?? '', requestHash);
    if (claim) {
      request.claim = claim;
      return true;
    }
    const earlier = await this.keys.find(tenantId, userId, key);
    if (earlier && earlier.requestHash !== requestHash) {
      const detail = 'This Idempotency-Key belongs to another request. Use a new one for each.';
      throw new Problem(422, 'idempotency_key_reused', { detail });
    }
    // gone again: the other request was refused just now, and the client may try once more
    if (!earlier || earlier.status === null) {
      const detail = 'The first request with this Idempotency-Key is still running.';
      throw new Problem(409, 'idempotency_key_in_use', { detail, headers: { 'retry-after': '1' } });
    }
    throw new StoredAnswer(earlier);
  }

  /** The work is done whatever happens to its record; without the record the key frees itself. */
  private async settle(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.logger.warn('an Idempotency-Key could not be settled', error);
    }
  }
}

/** The draft wants a quoted string; the bare form is what many clients send. */
function keyOf(header: string | string[]): string {
  const key = typeof header === 'string' ? /^(?:"([!#-[\]-~ ]{1,255})"|([!#-~]{1,255}))$/.exec(header) : null;
  const found = key?.[1] ?? key?.[2];
  if (found !== undefined) return found;
  throw new Problem(400, 'idempotency_key_invalid', {
    detail: 'The Idempotency-Key must be 1 to 255 printable ASCII characters.',
    errors: [{ pointer: '/headers/idempotency-key', code: 'value_invalid', detail: 'must be 1 to 255 characters' }],
  });
}

export function sendStored(reply: FastifyReply, { status, headers, body }: Earlier): void {
  reply.code(status ?? 200).headers(headers ?? {});
  reply.header('idempotency-replayed', 'true').send(body || undefined);
}
