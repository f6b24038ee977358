import { type DynamicModule, Module, RequestMethod, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { Refusals } from './audit/refusals.js';
import type { Config } from './config.js';
import { Clock } from './database/clock.js';
import { Idempotency } from './http/idempotency.js';
import { createLog, type Log, NestLog } from './http/log.js';
import { serveOpenApi } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RateLimits } from './http/rate-limits.js';
import { HttpServer } from './http/server.js';
import { SystemLogWriter } from './installation/system-log.writer.js';
import { ValidationPipe } from './http/validation.pipe.js';

export interface AppOptions {
  /** Open, and closed by the caller after the application. */
  readonly source: DataSource;
  /** Of the role that owns the tables, open, for jobs that change partitions; `source` unless told. */
  readonly owner?: DataSource;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Work off jobs in this process too. */
  readonly worker?: boolean;
  /** Listen at the configured host and port. */
  readonly listen?: boolean;
  /** Modules beside the application's own, above all of them. */
  readonly extra?: readonly (Type | DynamicModule)[];
  /** Describe the application without creating anything in it. */
  readonly preview?: boolean;
}

/** The application as every process and every test has it, initialised. */
export async function createApp(config: Config, options: AppOptions): Promise<NestFastifyApplication> {
  const { source, owner, clock = new Clock(), worker = false, extra = [], preview = false } = options;
  const log = options.log ?? createLog(config);

  @Module({ imports: [AppModule.forRoot(config, { source, owner, clock, worker }), ...extra] })
  class Root {}

  const server = new HttpServer(config, log);
  const app = await NestFactory.create<NestFastifyApplication>(Root, server, {
    logger: new NestLog(log),
    bodyParser: false,
    abortOnError: false,
    preview,
  });
  app.setGlobalPrefix('api/v1', {
    exclude: ['health/*path', '.well-known/*path'].map((path) => ({ path, method: RequestMethod.GET })),
  });
  if (preview) return app;
  app.get(SystemLogWriter, { strict: false }).follow(log);

  const idempotency = app.get(Idempotency);
  server.useIdempotency(idempotency);
  app.useGlobalPipes(new ValidationPipe());
  const refusals = app.get(Refusals, { strict: false });
  app.useGlobalFilters(new ProblemFilter(log, idempotency, (request, problem) => refusals.record(request, problem)));
  // behind the guards that modules provide: only they know the viewer whose limit and whose key it is
  app.useGlobalGuards(app.get(RateLimits), idempotency);
  if (config.http.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...config.http.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        ...['ETag', 'Idempotency-Replayed', 'Link', 'Location'],
        ...['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
      ],
      maxAge: 600,
    });
  }
  serveOpenApi(app);
  if (options.listen) await app.listen(config.port, config.host);
  else await app.init();
  return app;
}
