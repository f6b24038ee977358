import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** Of the trace that a request belongs to, by its `traceparent` (W3C Trace Context); undefined where it has none. */
export function traceIdOf({ traceparent }: IncomingHttpHeaders): string | undefined {
  return typeof traceparent === 'string' ? form.exec(traceparent)?.[1] : undefined;
}

/** What a line of the log says of the request that it is about. */
export function tracesOf({ id, headers, viewer }: FastifyRequest): {
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly tenantId: string | undefined;
} {
  return { requestId: id, traceId: traceIdOf(headers), tenantId: viewer?.tenantId };
}

let sampledAt = -Infinity;
let bytes = 0;

/** What this process holds in memory, up to a second old: asking costs a read of a file. */
export function memoryBytes(): number {
  const now = performance.now();
  if (now - sampledAt > 1_000) {
    bytes = process.memoryUsage.rss();
    sampledAt = now;
  }
  return bytes;
}
