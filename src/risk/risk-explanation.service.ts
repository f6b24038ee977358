import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { bandOf } from '../students/risk-bands.js';
import { delegationOf } from '../students/student-filter.js';
import { scopeKey } from '../students/student-reads.js';
import { ActiveModel } from './active-model.js';
import { evidenceOf } from './evidence.js';
import {
  type Evidence,
  ExplanationRepository,
  type FoundStudent,
  type LedgerRow,
  placeOf,
  type Work,
} from './explanation.repository.js';
import { offersOf, type Situation } from './offers.js';
import type {
  HistoryQuery,
  OfferedWhatIf,
  RiskContribution,
  RiskDetail,
  RiskEvaluation,
  WhatIf,
  WhatIfOutcome,
  WhatIfResponse,
} from './risk.dto.js';
import { countInputs, evaluate, type RiskInputs } from './risk-model.js';
import { insufficiency, RiskScoring } from './risk-scoring.service.js';
import type { AsOf, Cohort } from './risk.repository.js';
import { describe } from './sentences.js';
import { type Judged, shownOutcome, shownParts } from './shown-risk.js';
import { changedInputs, refuseImpossible, withIdsAsKept } from './what-if.js';

/** A student's present score, from the ledger or, where that has none yet, of this moment. */
interface Standing {
  readonly student: FoundStudent;
  readonly moment: Moment;
  readonly asOf: AsOf;
  readonly row: Omit<LedgerRow, 'number'>;
  readonly inputs: RiskInputs;
  /** Null: of somebody who is yet to join. */
  readonly cohort: Cohort | null;
  readonly scoreBefore: number | null;
}

const nothing: RiskInputs = {
  daysInCourse: 0,
  activeDays: 0,
  daysSinceActive: 0,
  meanScore: null,
  lowestScore: null,
  missedShare: null,
  handInLead: null,
  due: 0,
  missed: 0,
};
const nobody: Pick<Cohort, 'students' | 'counts'> = { students: 0, counts: countInputs([]) };

/** Says why a score is what it is, what it was, and what it would be; writes no scores. */
@Injectable()
export class RiskExplanation {
  constructor(
    private readonly repository: ExplanationRepository,
    private readonly scoring: RiskScoring,
    private readonly active: ActiveModel,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
  ) {}

  /** @throws Problem 404 */
  async explain(viewer: Viewer, studentId: string): Promise<RiskDetail> {
    const standing = await this.standing(viewer, studentId);
    const { student, row, cohort, scoreBefore } = standing;
    const evidence = await this.evidence(viewer, standing);
    await this.recordRead(viewer, 'risk.viewed', student);
    const outcome = shownOutcome(row);
    const { base, contributions } = shownParts(row);
    const isShown = outcome.score !== null;
    // another model's offers would not begin at the score that is shown
    const hasOffers = isShown && row.modelVersion === this.active.model.version;
    return {
      studentId: student.studentId,
      ...outcome,
      isAtRisk: isShown && row.score > student.threshold,
      threshold: student.threshold,
      trend: isShown && scoreBefore !== null ? difference(row.score, scoreBefore) : null,
      logOdds: isShown ? row.logOdds : null,
      baseLogOdds: isShown ? row.baseLogOdds : null,
      base,
      contributions: contributions
        .toSorted((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds))
        .map((part): RiskContribution => ({ ...part, ...explain(part.factor, standing, evidence) })),
      whatIfs: hasOffers ? this.offers(standing, evidence.work) : [],
      modelVersion: row.modelVersion,
      day: row.day,
      evaluatedAt: row.evaluatedAt,
      cohort: cohort && { departmentId: cohort.departmentId, day: cohort.day, students: cohort.students },
    };
  }

  /** @throws Problem 404 */
  async history(viewer: Viewer, studentId: string, query: HistoryQuery): Promise<Page<RiskEvaluation>> {
    const { from, to, detail } = query;
    const listing = {
      scope: ['risk.history', scopeKey(viewer), studentId.toLowerCase(), from, to, detail],
      keys: ['day', 'number'] as const,
    };
    const position = positionOf(query, listing);
    const student = await this.repository.findStudent(viewer, studentId);
    if (!student) throw Problem.notFound('student');
    const filter = { from, to, isDetailed: detail === 'all' };
    const [rows, total] = await Promise.all([
      this.repository.listEvaluations(viewer.tenantId, studentId, filter, position),
      position.page === undefined ? undefined : this.repository.countEvaluations(viewer.tenantId, studentId, filter),
    ]);
    await this.recordRead(viewer, 'risk.history_viewed', student);
    const page = toPage(rows, position, { listing, keysOf: (row) => [row.day, placeOf(row)], total });
    return { ...page, data: page.data.map(shownRow) };
  }

  /** @throws Problem 404, 422 for what cannot be done with that work */
  async whatIf(viewer: Viewer, studentId: string, asked: WhatIf): Promise<WhatIfResponse> {
    const change = withIdsAsKept(asked);
    const standing = await this.standing(viewer, studentId);
    const { work } = await this.evidence(viewer, standing);
    refuseImpossible(change, work);
    const { student, inputs, moment } = standing;
    await this.recordRead(viewer, 'risk.what_if_viewed', student);
    return {
      before: this.outcome(standing, inputs),
      after: this.outcome(standing, changedInputs(inputs, work, change, moment)),
      threshold: student.threshold,
      modelVersion: this.active.model.version,
    };
  }

  private async standing(viewer: Viewer, studentId: string): Promise<Standing> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const found = await this.repository.findCurrent(viewer, studentId);
    if (!found) throw Problem.notFound('student');
    const { current, ...student } = found;
    if (!current) return { student, moment, ...(await this.live(viewer.tenantId, student.studentId, moment)) };
    const { departmentId, cohortDay, students, counts, inputs, scoreBefore } = current;
    const asOf = { day: current.day, moment: new Date(current.moment), isOver: current.number === 0 };
    const cohort = { departmentId, day: cohortDay, students, counts };
    return { student, moment, asOf, row: current, inputs, cohort, scoreBefore };
  }

  private async live(
    tenantId: string,
    studentId: string,
    moment: Moment,
  ): Promise<Omit<Standing, 'student' | 'moment'>> {
    const { today, now } = moment;
    const [scored] = await this.scoring.scoreNow(tenantId, [studentId], moment);
    const { model } = this.active;
    const judged: Judged = scored
      ? { ...scored.evaluation, insufficient: scored.insufficient }
      : { ...evaluate(model, nothing, nobody.counts), insufficient: 'newStudent' };
    return {
      asOf: { day: today, moment: now, isOver: false },
      row: { ...judged, day: today, evaluatedAt: now.toISOString(), modelVersion: model.version },
      inputs: scored?.student ?? nothing,
      cohort: scored?.cohort ?? null,
      scoreBefore: null,
    };
  }

  private evidence({ tenantId }: Viewer, { student, asOf, moment }: Standing): Promise<Evidence> {
    return this.repository.getEvidence(tenantId, student.studentId, asOf, moment.now);
  }

  private offers({ student, inputs, cohort, moment, row }: Standing, work: readonly Work[]): OfferedWhatIf[] {
    const { model } = this.active;
    const { counts } = cohort ?? nobody;
    const situation: Situation = { model, inputs, counts, work, moment, threshold: student.threshold };
    return offersOf(situation).map(({ action, steps, score, change }) => ({
      sentence: `${action}: ${Math.round(row.score)} → ${Math.round(score)}`,
      steps,
      score,
      band: bandOf(score),
      drop: difference(row.score, score),
      change,
    }));
  }

  private outcome({ student, cohort }: Standing, inputs: RiskInputs): WhatIfOutcome {
    const { students, counts } = cohort ?? nobody;
    const evaluation = evaluate(this.active.model, inputs, counts);
    const judged = { ...evaluation, insufficient: insufficiency(inputs, { students, counts }) };
    const outcome = shownOutcome(judged);
    return {
      ...outcome,
      isAtRisk: outcome.score !== null && outcome.score > student.threshold,
      ...shownParts(judged),
    };
  }

  private async recordRead(viewer: Viewer, action: string, { studentId, instructorId }: FoundStudent): Promise<void> {
    const after = delegationOf(viewer, instructorId);
    await this.audit.recordRead(viewer, { action, targetType: 'student', targetId: studentId, after });
  }
}

function explain(
  factor: string,
  { row, inputs, cohort, asOf }: Standing,
  evidence: Evidence,
): Pick<RiskContribution, 'unit' | 'value' | 'cohortValue' | 'sentence' | 'work' | 'days'> {
  const circumstances = {
    hasBeenActive: evidence.lastActiveOn !== null,
    hasScoredWork: evidence.work.some(({ score }) => score !== null),
  };
  const { counts } = cohort ?? nobody;
  const plain = describe(factor, inputs, counts, circumstances) ?? {
    unit: null,
    value: null,
    cohortValue: null,
    sentence: `Counted by the model ${row.modelVersion}, and not any more.`,
  };
  return { ...plain, ...evidenceOf(factor, evidence, asOf) };
}

function shownRow(row: LedgerRow): RiskEvaluation {
  const { day, number, evaluatedAt, modelVersion } = row;
  return { day, isClosing: number === 0, evaluatedAt, modelVersion, ...shownOutcome(row), ...shownParts(row) };
}

/** In points, of which both have two decimals. */
function difference(a: number, b: number): number {
  return Math.round((a - b) * 100) / 100;
}
