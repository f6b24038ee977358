import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Outbox } from '../jobs/outbox.js';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { EvaluationsRepository } from './evaluations.repository.js';
import { RiskLedger } from './risk-ledger.service.js';
import { RiskScoring, departmentsOf } from './risk-scoring.service.js';
import { type AsOf, RiskRepository } from './risk.repository.js';

/** Ingestion waits for the locks of one chunk. */
const chunkStudents = 1_000;

/** The scores of all students at the end of a day. */
@Injectable()
export class RiskNight {
  constructor(
    private readonly repository: RiskRepository,
    private readonly scoring: RiskScoring,
    private readonly ledger: RiskLedger,
    private readonly evaluations: EvaluationsRepository,
    private readonly tenants: TenantsService,
    private readonly outbox: Outbox,
  ) {}

  /**
   * In short transactions, and tells of the night at their end; who has a score of the day keeps it, so that it goes on
   * where it was after a crash, and two at once do no harm. First every department is counted, then its students are
   * measured against what was counted.
   * @param day a local day of the tenant that is over, `YYYY-MM-DD`
   * @returns how many were scored
   * @throws the signal's reason, between two transactions
   */
  async score(tenantId: string, day: string, signal: AbortSignal): Promise<number> {
    const { timeZone } = await this.tenants.get(tenantId);
    const end: AsOf = { day, moment: startOfDay(timeZone, addDays(day, 1)), isOver: true };
    const added = await this.scoreAll(tenantId, day, end, signal);
    // also where nothing was left to score: whoever did it may have died before telling
    await this.outbox.append(tenantId, 'risk.night-scored', day, { day });
    return added;
  }

  private async scoreAll(tenantId: string, day: string, end: AsOf, signal: AbortSignal): Promise<number> {
    let ids = await this.evaluations.listUnscored(tenantId, day, NIL, chunkStudents);
    if (ids.length === 0) return 0;
    const departments = await this.evaluations.listDepartments(tenantId, day);
    let cohorts = await this.scoring.cohortsAtEndOf(tenantId, departments, end, signal);
    let added = 0;
    while (ids.length > 0) {
      signal.throwIfAborted();
      const students = await this.repository.listInputs(tenantId, end, { studentIds: ids });
      const moved = departmentsOf(students).filter((id) => !cohorts.has(id));
      if (moved.length > 0) {
        cohorts = new Map([...cohorts, ...(await this.scoring.cohortsAtEndOf(tenantId, moved, end, signal))]);
      }
      const scored = students.map((student) => this.scoring.score(student, cohorts.get(student.departmentId)!));
      added += await this.ledger.addNight(tenantId, scored, day, end.moment);
      ids = await this.evaluations.listUnscored(tenantId, day, ids.at(-1)!, chunkStudents);
    }
    return added;
  }
}
