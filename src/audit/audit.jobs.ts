import { Injectable } from '@nestjs/common';
import { sealAudit } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { AuditSeals } from './seals.service.js';

@Injectable()
export class AuditJobs {
  constructor(private readonly seals: AuditSeals) {}

  @Handles(sealAudit)
  async seal({ signal }: Run): Promise<Outcome> {
    return { entries: await this.seals.seal(signal) };
  }
}
