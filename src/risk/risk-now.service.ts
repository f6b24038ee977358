import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { TenantsService } from '../org/tenants.service.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { RiskLedger } from './risk-ledger.service.js';
import { departmentsOf, RiskScoring } from './risk-scoring.service.js';

/** The scores of some students as they are now. */
@Injectable()
export class RiskNow {
  constructor(
    private readonly database: Database,
    private readonly progress: ProgressRepository,
    private readonly scoring: RiskScoring,
    private readonly ledger: RiskLedger,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * Reads what is known of students once it has locked them, so that of two at once the later one reads all that the
   * earlier one did, and more.
   * @param studentIds at most 1,000
   * @param since leaves out who has been scored since then, and who came to be due later: another event tells of that
   * @returns how many were looked at, and of how many the score was made of something new
   */
  async score(
    tenantId: string,
    studentIds: readonly string[],
    since: string | null,
  ): Promise<{ readonly looked: number; readonly added: number }> {
    const due = await this.progress.listRiskDue(tenantId, studentIds, since);
    if (due.length === 0) return { looked: 0, added: 0 };
    // counting a department that nobody has counted yet takes longer than students may be locked
    await this.scoring.cohortsNow(tenantId, departmentsOf(due), await this.tenants.moment(tenantId));
    return this.database.transaction(async () => {
      const dueIds = due.map(({ studentId }) => studentId);
      const students = await this.progress.lockRisk(tenantId, dueIds);
      const moment = await this.tenants.moment(tenantId);
      const present = students.map(({ studentId }) => studentId);
      const scored = await this.scoring.scoreNow(tenantId, present, moment);
      const at = { day: moment.today, moment: moment.now };
      return { looked: scored.length, added: await this.ledger.addNow(tenantId, students, scored, at) };
    });
  }
}
