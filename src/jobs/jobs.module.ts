import { DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { catalogue } from './catalogue.js';
import { Handlers } from './handlers.js';
import { JobProcess } from './job-process.js';
import { JobSettings } from './job.js';
import { Outbox } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';
import { Queues } from './queues.js';
import { Relay } from './relay.js';
import { RemoteRelay } from './remote-relay.js';
import { RetentionJobs } from './retention.jobs.js';
import { Runner } from './runner.js';
import { RunsRepository } from './runs.repository.js';
import { Schedules } from './schedules.js';
import { WakeUps } from './wake-ups.js';

export interface JobsOptions extends Partial<JobSettings> {
  /** Whether this process relays events, watches schedules and runs jobs; every process may write the outbox. */
  readonly worker: boolean;
}

@Global()
@Module({})
export class JobsModule {
  static forRoot({ worker, jobs = catalogue, lockSeconds = 10 }: JobsOptions): DynamicModule {
    const producer = [Outbox, OutboxRepository, WakeUps];
    const exports = [Outbox, WakeUps];
    if (!worker) return { module: JobsModule, providers: [...producer, RemoteRelay], exports };
    return {
      module: JobsModule,
      imports: [DiscoveryModule, ScheduleModule.forRoot()],
      providers: [
        ...producer,
        { provide: JobSettings, useValue: { jobs, lockSeconds } satisfies JobSettings },
        RunsRepository,
        Handlers,
        Queues,
        Relay,
        Runner,
        Schedules,
        RetentionJobs,
        JobProcess,
      ],
      exports,
    };
  }
}
