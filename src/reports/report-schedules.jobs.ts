import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { runSchedules } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { ReportScheduleRuns, type RunResult } from './report-schedule-runs.js';
import { ReportSchedulesRepository } from './report-schedules.repository.js';

/** At one tick; what is left is due a minute later. */
const mostRuns = 500;

@Injectable()
export class ReportSchedulesJobs {
  constructor(
    private readonly schedules: ReportSchedulesRepository,
    private readonly runs: ReportScheduleRuns,
    private readonly clock: Clock,
  ) {}

  /** One that fails does not hold up the others, and is due again at the next tick. */
  @Handles(runSchedules)
  async runDue({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const results: Record<RunResult, number> = { requested: 0, delayed: 0, stopped: 0, notDue: 0 };
    const failures: unknown[] = [];
    for (const { tenantId, id } of await this.schedules.listDue(now, mostRuns)) {
      signal.throwIfAborted();
      try {
        results[await this.runs.run(tenantId, id, now)]++;
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} schedules: ${String(failures[0])}`);
    return results;
  }
}
