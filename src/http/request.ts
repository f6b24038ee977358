import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyRequest } from 'fastify';
import type { Claim } from './idempotency.repository.js';
import type { Credential, Viewer } from './viewer.js';

declare module 'fastify' {
  interface FastifyRequest {
    viewer: Viewer | undefined;
    /** What the viewer was known by. */
    credential: Credential | undefined;
    /** The path as it was declared, `/api/v1/students/:id`; undefined where no route matched. */
    template: string | undefined;
    /** SHA-256 of the body's bytes, computed only for a request with an Idempotency-Key. */
    bodyHash: string | undefined;
    /** Held while this request is the one that executes for its Idempotency-Key. */
    claim: Claim | undefined;
    deadline: NodeJS.Timeout | undefined;
    /** What the answer would have been, had it come in time. */
    statusBeforeDeadline: number | undefined;
  }
}

/** The store is the request itself, so that a request costs no further object. */
const scope = new AsyncLocalStorage<FastifyRequest>();

export function runWithRequest(request: FastifyRequest, work: () => void): void {
  scope.run(request, work);
}

/** The HTTP request this asynchronous call chain belongs to; undefined in jobs and schedules. */
export function currentRequest(): FastifyRequest | undefined {
  return scope.getStore();
}
