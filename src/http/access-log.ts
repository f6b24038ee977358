import type { FastifyReply, FastifyRequest } from 'fastify';
import { pino } from 'pino';
import type { Log } from './log.js';
import { memoryBytes, traceIdOf } from './trace.js';

/**
 * One JSON line per request, in the form and to the place of all others. Put together by hand: serializing it by pino
 * took as long as a quarter of a cached answer. Never bodies, and of the query only the names: values are people's names
 * and tokens.
 */
export function createAccessLog(log: Log): (request: FastifyRequest, reply: FastifyReply) => void {
  if (!log.isLevelEnabled('info')) return () => undefined;
  const target = Reflect.get(log, pino.symbols.streamSym) as pino.DestinationStream;
  return (request, reply) => {
    const { url, template, viewer } = request;
    const start = url.indexOf('?');
    const route = template === undefined ? '' : `,"route":"${template}"`;
    const query = start < 0 ? '' : `,"query":${JSON.stringify(maskQuery(url.slice(start + 1)))}`;
    const traceId = traceIdOf(request.headers);
    const trace = traceId === undefined ? '' : `,"traceId":"${traceId}"`;
    const who = viewer ? `,"viewerId":"${viewer.userId}"` : '';
    target.write(
      `{"level":"info","time":"${timestamp()}","category":"http","msg":"request","method":"${request.method}"${route}` +
        `${query},"status":${reply.statusCode},"durationSeconds":${Math.round(reply.elapsedTime * 1000) / 1_000_000}` +
        `,"bytes":${Number(reply.getHeader('content-length') ?? 0)},"memoryBytes":${memoryBytes()},"requestId":"${request.id}"${trace}${who}}\n`,
    );
  };
}

let lastMs = 0;
let lastTimestamp = '';

/** A busy server writes many lines in the same millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastTimestamp = new Date(now).toISOString();
  }
  return lastTimestamp;
}

const plainName = /^[\w.[\]-]{1,40}$/;

/** Also the names can be anything that somebody made up. */
function maskQuery(query: string): string {
  const names = query.slice(0, 500).split('&');
  return names
    .map((part) => part.split('=', 1)[0]!)
    .map((name) => (plainName.test(name) ? `${name}=*` : '…'))
    .join('&');
}
