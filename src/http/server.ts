import { StreamableFile } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyHttpOptions, FastifyRequest } from 'fastify';
import helmet, { type HelmetOptions } from 'helmet';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config.js';
import { createAccessLog } from './access-log.js';
import { JsonBytes, sendJson, toJsonBytes } from './answer.js';
import { registerBodies } from './body.js';
import type { Idempotency } from './idempotency.js';
import type { Log } from './log.js';
import { sendProblem } from './problem.filter.js';
import { Problem, toProblem } from './problem.js';
import { requestIdOf } from './request-id.js';
import { runWithRequest } from './request.js';
import { tracesOf } from './trace.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set with `@RouteConfig` on routes that stream for longer than the usual deadline. */
    deadlineSeconds?: number;
    /** Set on routes that look for unstorable text themselves, because one item of many at fault must not fail all. */
    checksText?: boolean;
    /** Set on routes whose body is a stream of `text/csv` no longer than this; the body is then a `Readable`. */
    csvLimitBytes?: number;
  }
}

/** Nothing but JSON, problems, streams of events, tables and reports leaves this server, the documentation aside. */
const acceptable = /json|\*\/\*|application\/\*|event-stream|csv|spreadsheetml|pdf|text\/\*|html/;

const securityHeaders = (config: Config): Record<string, string> =>
  constantHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    xFrameOptions: { action: 'deny' },
    // only a proxy in front can have TLS; without it a browser would be told of what does not exist
    strictTransportSecurity: config.http.proxies > 0,
  });
/** The page's styles stand in its elements, its icons in its styles; scripts and requests are our own alone. */
const documentationPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Fastify for Nest, with what every answer needs done in the one place they all pass: no interceptor, no hook on
 * sending, nothing serialized twice.
 */
export class HttpServer extends FastifyAdapter {
  private idempotency: Idempotency | undefined;

  constructor(config: Config, log: Log) {
    const headers = securityHeaders(config);
    // 5 s beyond a usual load balancer's idle time, so that it is never us who closes first
    const options: FastifyHttpOptions<Server> & { skipMiddie: boolean } = {
      skipMiddie: true,
      logger: false,
      trustProxy: (_address, hop) => hop < config.http.proxies,
      bodyLimit: config.http.bodyLimitBytes,
      keepAliveTimeout: 65_000,
      requestTimeout: 30_000,
      http: { headersTimeout: 10_000 },
      routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
      genReqId: requestIdOf,
      // before any hook
      frameworkErrors: (error, _request, reply) =>
        sendProblem(reply.headers(headers), toProblem(error) ?? Problem.ofStatus(400)!),
      clientErrorHandler: refuseConnection,
    };
    super(options);
    // the adapter's types name every kind of server, ours is plain HTTP
    install(this.getInstance() as unknown as FastifyInstance, config, log);
  }

  useIdempotency(idempotency: Idempotency): void {
    this.idempotency = idempotency;
  }

  // @ts-expect-error the adapter's own type asks for replies of all kinds of servers at once
  override reply(reply: FastifyReply, body: unknown, status?: number): unknown {
    if (!('request' in reply) || isStream(body)) return super.reply(reply as never, body, status);
    if (status !== undefined && !reply.sent) reply.code(status);
    const answer = body instanceof JsonBytes ? body : body === undefined || body === null ? null : toJsonBytes(body);
    const { request } = reply;
    if (!request.claim) return send(reply, answer);
    const code = status ?? request.statusBeforeDeadline ?? reply.statusCode;
    return this.idempotency!.succeeded(request, reply, code, answer).then(() => send(reply, answer));
  }
}

function isStream(body: unknown): boolean {
  return body instanceof StreamableFile || typeof (body as { pipe?: unknown } | null)?.pipe === 'function';
}

function send(reply: FastifyReply, answer: JsonBytes | null): void | Promise<void> {
  if (reply.sent) return; // the deadline was faster
  if (answer) return sendJson(reply, answer);
  reply.send();
}

function install(fastify: FastifyInstance, config: Config, log: Log): void {
  registerBodies(fastify);
  for (const name of [
    'viewer',
    'credential',
    'template',
    'bodyHash',
    'claim',
    'deadline',
    'statusBeforeDeadline',
  ] as const) {
    fastify.decorateRequest(name, undefined);
  }
  const logAccess = createAccessLog(log);
  const headers = securityHeaders(config);

  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    reply.header(
      'cache-control',
      request.method === 'GET' || request.method === 'HEAD' ? 'private, no-cache' : 'no-store',
    );
    const { accept } = request.headers;
    if (accept !== undefined && !acceptable.test(accept)) done(Problem.ofStatus(406)!);
    else done();
  });

  // once per route and not per request: everything that is known of the route beforehand
  fastify.addHook('onRoute', (route) => {
    const template = route.url;
    const milliseconds = (route.config?.deadlineSeconds ?? config.http.requestTimeoutSeconds) * 1000;
    const isDocumentation = template === '/docs' || template.startsWith('/docs/');
    const begin = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      request.template = template;
      if (isDocumentation) reply.header('content-security-policy', documentationPolicy);
      request.deadline = setTimeout(expire, milliseconds, reply);
      runWithRequest(request, done);
    };
    // after the body has been read: its chunks arrive outside of any scope, and its time is bounded by requestTimeout
    route.preHandler = [begin, ...[route.preHandler ?? []].flat()];
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    clearTimeout(request.deadline);
    logAccess(request, reply);
    done();
  });

  function expire(reply: FastifyReply): void {
    if (reply.sent || reply.raw.headersSent) return;
    const { request } = reply;
    const durationSeconds = reply.elapsedTime / 1000;
    log.warn(
      { category: 'http', ...tracesOf(request), route: request.template, durationSeconds, code: 'deadline_passed' },
      'deadline passed',
    );
    request.statusBeforeDeadline = reply.statusCode;
    sendProblem(reply, Problem.unavailable('deadline_passed'));
  }
}

/** helmet, run once: none of its headers depends on the request. */
function constantHeaders(options: HelmetOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  const response = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader() {},
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, (error?: unknown) => {
    if (error) throw error;
  });
  return headers;
}

/** What is not HTTP never becomes a request; the answer is written by hand. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const problem = Problem.ofStatus(status)!;
  const body = JSON.stringify(problem.toDocument(requestIdOf({ headers: {} })));
  socket.end(
    `HTTP/1.1 ${status} ${problem.title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
