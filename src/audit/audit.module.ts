import { Global, Module } from '@nestjs/common';
import { AuditLogsController } from './audit-logs.controller.js';
import { AuditLogsRepository } from './audit-logs.repository.js';
import { AuditLogs } from './audit-logs.service.js';
import { AuditJobs } from './audit.jobs.js';
import { AuditRecorder } from './audit.recorder.js';
import { AuditRepository } from './audit.repository.js';
import { PersonKeys } from './person-keys.js';
import { PersonKeysRepository } from './person-keys.repository.js';
import { Refusals } from './refusals.js';
import { RemovalsRepository } from './removals.repository.js';
import { AuditRemovals } from './removals.service.js';
import { SealsController } from './seals.controller.js';
import { SealsRepository } from './seals.repository.js';
import { AuditSeals } from './seals.service.js';

@Global()
@Module({
  controllers: [AuditLogsController, SealsController],
  providers: [
    PersonKeysRepository,
    PersonKeys,
    AuditRepository,
    AuditRecorder,
    Refusals,
    AuditLogsRepository,
    AuditLogs,
    SealsRepository,
    AuditSeals,
    AuditJobs,
    RemovalsRepository,
    AuditRemovals,
  ],
  exports: [AuditRecorder, AuditSeals, AuditRemovals],
})
export class AuditModule {}
