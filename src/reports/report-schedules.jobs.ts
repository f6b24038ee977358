import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { runSchedules } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { reasonOf } from './report-failures.js';
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

  /**
   * One that fails does not hold up the others, says so, and is due again at the next tick, as are those of an owner of
   * whom too many reports are unfinished.
   */
  @Handles(runSchedules)
  async runDue({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const results: Record<RunResult, number> = { requested: 0, delayed: 0, stopped: 0, notDue: 0 };
    const failures: unknown[] = [];
    const waiting = new Set<string>();
    for (const { tenantId, id, ownerId } of await this.schedules.listDue(now, mostRuns)) {
      signal.throwIfAborted();
      const owner = `${tenantId} ${ownerId}`;
      if (waiting.has(owner)) continue;
      try {
        const result = await this.runs.run(tenantId, id, now);
        results[result]++;
        if (result === 'delayed') waiting.add(owner);
      } catch (error) {
        failures.push(error);
        await this.schedules.recordDelay(tenantId, id, reasonOf(error)).catch((fault) => failures.push(fault));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} schedules: ${String(failures[0])}`);
    return results;
  }
}
