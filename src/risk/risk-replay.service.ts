import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { ActiveModel } from './active-model.js';
import { EvaluationsRepository, type StoredEvaluation } from './evaluations.repository.js';
import { inputsText } from './risk-ledger.service.js';
import { evaluate, type Evaluation } from './risk-model.js';
import { departmentsOf } from './risk-scoring.service.js';
import { type Cohort, RiskRepository } from './risk.repository.js';

export interface Replay {
  readonly rows: number;
  /** Of another model than the one in use, and not looked at. */
  readonly otherModel: number;
  /** Students with a row that does not follow from its own inputs, cohort and model. There must be none. */
  readonly differing: readonly string[];
  /** Students of whom other things are known of the end of the day by now: what came in late, or is kept without history. */
  readonly late: readonly string[];
}

const pageRows = 1_000;

/** Scores a past day again, and compares. Writes nothing. */
@Injectable()
export class RiskReplay {
  constructor(
    private readonly repository: RiskRepository,
    private readonly evaluations: EvaluationsRepository,
    private readonly active: ActiveModel,
    private readonly tenants: TenantsService,
  ) {}

  /** @param day a local day of the tenant that is over, `YYYY-MM-DD` */
  async day(tenantId: string, day: string): Promise<Replay> {
    const { timeZone } = await this.tenants.get(tenantId);
    const end = { day, moment: startOfDay(timeZone, addDays(day, 1)), isOver: true };
    let [rows, otherModel] = [0, 0];
    const differing: string[] = [];
    const late: string[] = [];
    for (let after = { studentId: NIL as string, number: 0 }; ;) {
      const page = await this.evaluations.listDay(tenantId, day, after, pageRows);
      rows += page.length;
      const ours = page.filter(({ modelVersion }) => modelVersion === this.active.model.version);
      otherModel += page.length - ours.length;
      const cohorts = await this.cohorts(tenantId, ours);
      for (const row of ours) {
        const again = evaluate(this.active.model, row.inputs, cohorts.get(cohortKey(row))!.counts);
        if (resultText(row) !== resultText(again)) differing.push(row.studentId);
      }
      const nights = page.filter(({ number }) => number === 0);
      const studentIds = nights.map(({ studentId }) => studentId);
      const read = await this.repository.listInputs(tenantId, end, { studentIds });
      const known = new Map(
        read.map(({ studentId, departmentId: _, instructorId: __, ...inputs }) => [studentId, inputsText(inputs)]),
      );
      late.push(...nights.flatMap((row) => (known.get(row.studentId) === inputsText(row.inputs) ? [] : row.studentId)));
      if (page.length < pageRows) return { rows, otherModel, differing, late };
      after = page.at(-1)!;
    }
  }

  private async cohorts(tenantId: string, rows: readonly StoredEvaluation[]): Promise<Map<string, Cohort>> {
    const cohorts = new Map<string, Cohort>();
    for (const day of new Set(rows.map(({ cohortDay }) => cohortDay))) {
      const found = await this.repository.listCohorts(tenantId, departmentsOf(rows), { since: day, day });
      for (const cohort of found) cohorts.set(cohortKey({ ...cohort, cohortDay: day }), cohort);
    }
    return cohorts;
  }
}

function cohortKey({ departmentId, cohortDay }: Pick<StoredEvaluation, 'departmentId' | 'cohortDay'>): string {
  return `${departmentId} ${cohortDay}`;
}

function resultText({ logOdds, baseLogOdds, contributions, score }: Evaluation): string {
  return JSON.stringify([logOdds, baseLogOdds, contributions.map((one) => [one.factor, one.logOdds]), score]);
}
