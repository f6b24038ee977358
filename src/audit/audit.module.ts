import { Global, Module } from '@nestjs/common';
import { AuditRecorder } from './audit.recorder.js';
import { AuditRepository } from './audit.repository.js';

@Global()
@Module({ providers: [AuditRepository, AuditRecorder], exports: [AuditRecorder] })
export class AuditModule {}
