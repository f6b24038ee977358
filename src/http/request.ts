import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyRequest } from 'fastify';
import { validate as isUuid } from 'uuid';
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

/** The parameters of the path that are ids, by name: whatever else stands there may be anything. */
export function idsOf({ params }: Pick<FastifyRequest, 'params'>): Record<string, string> {
  const entries = Object.entries((params ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && isUuid(entry[1])),
  );
}

/** Templates of which `:id` is somebody. */
export const peoplesRoutes = /^\/api\/v1\/(students|users|instructors)\/:/;

/** Whom the path names: those of `idsOf` that are of people. */
export function peopleOf(request: Pick<FastifyRequest, 'params' | 'template'>): string[] {
  const isTheirs = peoplesRoutes.test(request.template ?? '');
  const named = Object.entries(idsOf(request)).filter(
    ([name]) => /^(student|user)Id$/.test(name) || (isTheirs && name === 'id'),
  );
  return named.map(([, id]) => id);
}
