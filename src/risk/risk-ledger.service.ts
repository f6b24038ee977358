import { Injectable } from '@nestjs/common';
import { tagsOf } from '../assignments/affected-students.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { addDays } from '../org/local-day.js';
import { type NewRisk, ProgressRepository, type ScoredStudent } from '../students/progress.repository.js';
import { bandOf, type RiskBand } from '../students/risk-bands.js';
import { ActiveModel } from './active-model.js';
import { announce } from './announcements.js';
import { EvaluationsRepository, type StoredEvaluation } from './evaluations.repository.js';
import { type RiskInputs } from './risk-model.js';
import type { Scored } from './risk-scoring.service.js';

/** Puts scores down, with all that follows from them: lists and dashboards, events, what readers see. */
@Injectable()
export class RiskLedger {
  constructor(
    private readonly database: Database,
    private readonly evaluations: EvaluationsRepository,
    private readonly progress: ProgressRepository,
    private readonly active: ActiveModel,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  /**
   * The scores of the end of a day. Who has one keeps it, and what has been scored of a later day stays what is shown.
   * @param moment the end of the day
   * @returns how many are new
   */
  addNight(tenantId: string, scored: readonly Scored[], day: string, moment: Date): Promise<number> {
    return this.database.transaction(async () => {
      const students = await this.progress.lockRisk(tenantId, idsOf(scored));
      const present = new Set(students.map(({ studentId }) => studentId));
      const rows = scored.filter((one) => present.has(one.student.studentId)).map((one) => this.rowOf(one, day, 0));
      const added = await this.evaluations.insert(tenantId, rows, moment);
      const shown = students.filter(
        ({ studentId, riskDay }) => added.has(studentId) && (riskDay === null || riskDay <= day),
      );
      await this.show(tenantId, shown, scored, { day, isNight: true });
      return added.size;
    });
  }

  /**
   * Scores of this moment, in the transaction that has locked the students: rows only of those about whom something is
   * different from their last one.
   * @returns how many are new
   */
  async addNow(
    tenantId: string,
    students: readonly ScoredStudent[],
    scored: readonly Scored[],
    { day, moment }: { readonly day: string; readonly moment: Date },
  ): Promise<number> {
    // an older one was measured against an older cohort than any that is used now
    const latest = await this.evaluations.listLatest(tenantId, idsOf(scored), addDays(day, -7));
    const last = new Map(latest.map((row) => [row.studentId, row]));
    const rows = scored.flatMap((one) => {
      const before = last.get(one.student.studentId);
      const row = this.rowOf(one, day, before?.day === day ? before.number + 1 : 1);
      return before && isSame(before, row) ? [] : row;
    });
    await this.evaluations.insert(tenantId, rows, moment);
    await this.show(tenantId, students, scored, { day, isNight: false });
    return rows.length;
  }

  /** @param students locked */
  private async show(
    tenantId: string,
    students: readonly ScoredStudent[],
    scored: readonly Scored[],
    { day, isNight }: { readonly day: string; readonly isNight: boolean },
  ): Promise<void> {
    const scores = new Map(scored.map(({ student, insufficient, evaluation }) => [student.studentId, insufficient === null ? evaluation.score : null])); // prettier-ignore
    const concerned = students.filter(({ studentId }) => scores.has(studentId));
    if (concerned.length === 0) return;
    const nightBefore = isNight ? await this.bandsAtEndOf(tenantId, concerned, addDays(day, -1)) : new Map<string, RiskBand>(); // prettier-ignore
    const events: { key: string; payload: Record<string, string | number | boolean | null> }[] = [];
    const changes = concerned.map((student): NewRisk => {
      const { studentId, riskThreshold } = student;
      const from = student.announcedBand as RiskBand | null;
      const score = scores.get(studentId)!;
      const isAtRisk = score !== null && score > riskThreshold;
      const bandOfNightBefore = nightBefore.get(studentId) ?? null;
      const { band: to, isTold } = announce(from, score, { isAtRisk, bandOfNightBefore });
      if (isTold) events.push({ key: studentId, payload: { studentId, from, to, score, isAtRisk } });
      return { studentId, score, announcedBand: to };
    });
    await this.progress.setRisk(tenantId, changes, day, !isNight);
    await this.outbox.appendMany(tenantId, 'risk.band-changed', events);
    await this.database.afterCommit(() => this.cache.bump(tagsOf(tenantId, concerned)));
  }

  private async bandsAtEndOf(
    tenantId: string,
    students: readonly ScoredStudent[],
    day: string,
  ): Promise<Map<string, RiskBand>> {
    const ids = students.map(({ studentId }) => studentId);
    const shown = await this.evaluations.listShownAtEndOf(tenantId, ids, day);
    return new Map(shown.map(({ studentId, score }) => [studentId, bandOf(score)]));
  }

  private rowOf({ student, cohort, insufficient, evaluation }: Scored, day: string, number: number): StoredEvaluation {
    const { studentId, departmentId, instructorId, ...inputs } = student;
    const { version: modelVersion } = this.active.model;
    const place = { studentId, day, number, departmentId, instructorId, cohortDay: cohort.day, modelVersion };
    return { ...place, inputs, insufficient, ...evaluation };
  }
}

function idsOf(scored: readonly Scored[]): string[] {
  return scored.map(({ student }) => student.studentId);
}

function isSame(before: StoredEvaluation, now: StoredEvaluation): boolean {
  return (
    before.cohortDay === now.cohortDay &&
    before.departmentId === now.departmentId &&
    before.modelVersion === now.modelVersion &&
    inputsText(before.inputs) === inputsText(now.inputs)
  );
}

/** The same text for the same inputs: the database keeps their names in an order of its own. */
export function inputsText(inputs: RiskInputs): string {
  return JSON.stringify(inputs, Object.keys(inputs).sort());
}
