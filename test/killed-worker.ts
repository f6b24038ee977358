import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createDataSource } from '../ormconfig.js';
import { Config, readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { DatabaseModule } from '../src/database/database.module.js';
import { deleteExpired } from '../src/jobs/catalogue.js';
import { Handles, type JobDefinition } from '../src/jobs/job.js';
import { JobsModule } from '../src/jobs/jobs.module.js';

export interface KilledWorker extends Pick<Config, 'queueBackend' | 'redisUrl'> {
  readonly url: string;
  readonly job: JobDefinition;
}

/** For a process of its own: a worker that takes the job and never finishes it. */
export async function startWorker({ url, job, queueBackend, redisUrl }: KilledWorker): Promise<void> {
  const config: Config = { ...readConfig({ DATABASE_URL: url }), queueBackend, redisUrl };
  const source = createDataSource({ url, poolSize: 4, pooler: false, applicationName: 'killed' });
  await source.initialize();

  @Global()
  @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
  class ConfigModule {}

  class Endless {
    @Handles(job)
    run() {
      return new Promise<void>(() => undefined);
    }
  }

  @Module({
    imports: [
      ConfigModule,
      DatabaseModule.forRoot({ source, owner: source, clock: new Clock() }),
      JobsModule.forRoot({ worker: true, jobs: [deleteExpired, job], lockSeconds: 2 }),
    ],
    providers: [Endless],
  })
  class KilledModule {}

  await NestFactory.createApplicationContext(KilledModule, { logger: ['error', 'warn'] });
}
