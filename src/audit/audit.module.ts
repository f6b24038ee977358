import { Global, Module } from '@nestjs/common';
import { AuditLogsController } from './audit-logs.controller.js';
import { AuditLogsRepository } from './audit-logs.repository.js';
import { AuditLogs } from './audit-logs.service.js';
import { AuditRecorder } from './audit.recorder.js';
import { AuditRepository } from './audit.repository.js';

@Global()
@Module({
  controllers: [AuditLogsController],
  providers: [AuditRepository, AuditRecorder, AuditLogsRepository, AuditLogs],
  exports: [AuditRecorder],
})
export class AuditModule {}
