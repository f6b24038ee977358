import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { SystemLogsRepository } from '../installation/system-logs.repository.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteOldLogs, runRetention } from '../jobs/catalogue.retention.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { RetentionService } from './retention.service.js';

@Injectable()
export class RetentionRunJobs {
  constructor(
    private readonly retention: RetentionService,
    private readonly logs: SystemLogsRepository,
    private readonly clock: Clock,
  ) {}

  @Handles(runRetention)
  run({ signal }: Run): Promise<Outcome> {
    return this.retention.run(signal);
  }

  @Handles(deleteOldLogs)
  async deleteOldLogs({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    return { linesDeleted: await deleteInBatches(signal, (limit) => this.logs.deleteOld(now, limit)) };
  }
}
