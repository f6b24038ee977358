import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../src/database/database.js';
import { bandOf } from '../src/students/risk-bands.js';
import type { Member } from './factories.js';

export interface EvaluationOptions {
  /** Local day, `YYYY-MM-DD`. */
  readonly day: string;
  /** 0: of the end of the day. */
  readonly number?: number;
  readonly evaluatedAt?: string;
  readonly score: number;
  readonly insufficient?: 'newStudent' | 'silentCohort' | 'noSignals' | null;
  readonly instructorId?: string | null;
}

/** A row of the ledger, of a student who was active on 10 of 28 days, in a cohort of this one; shown nowhere else. */
export async function createEvaluation(
  database: Database,
  { tenantId, userId, departmentId }: Member,
  { day, number = 0, evaluatedAt = `${day}T23:00:00Z`, score, insufficient = null, instructorId }: EvaluationOptions,
): Promise<void> {
  await database.run(
    `-- test.insertCohort
    insert into risk_cohorts (tenant_id, department_id, day, students, counts, created_at)
    values ($1, $2, $3::date, 1,
      '{"activeDays": [[10, 1]], "daysSinceActive": [[2, 1]], "meanScore": [[70, 1]], "handInLead": []}', $3::date)
    on conflict do nothing`,
    [tenantId, departmentId, day],
  );
  await database.run(
    `-- test.insertEvaluation
    insert into risk_evaluations (tenant_id, student_id, day, number, evaluated_at, department_id, instructor_id,
      cohort_day, model_version, inputs, insufficient, log_odds, base_log_odds, contributions, score)
    values ($1, $2, $3, $4, $5, $6, $7, $3, 'test', $8, $9, 0, 0, '[]', $10)`,
    [
      tenantId, userId, day, number, evaluatedAt, departmentId, instructorId ?? null,
      JSON.stringify({
        daysInCourse: 60, activeDays: 10, daysSinceActive: 2, meanScore: 70, lowestScore: null, missedShare: null,
        handInLead: null, due: 0, missed: 0,
      }),
      insufficient, score,
    ],
  ); // prettier-ignore
}

/** Makes a score the student's present one, as lists and dashboards show it. */
export async function setRisk(
  database: Database,
  { tenantId, userId }: Pick<Member, 'tenantId' | 'userId'>,
  score: number | null,
  day = '2026-03-01',
): Promise<void> {
  await database.run(
    `-- test.setRiskOf
    update student_progress set risk_score = $3, risk_day = $4, risk_announced_band = $5
    where tenant_id = $1 and student_id = $2`,
    [tenantId, userId, score, day, score === null ? null : bandOf(score)],
  );
}

export interface InterventionOptions {
  readonly status?: 'open' | 'contacted' | 'resolved' | 'dismissed';
  readonly action?: 'message' | 'email' | 'call' | 'meeting' | 'extra_support' | 'other';
  readonly openedDay?: string;
  readonly contactedDay?: string;
  readonly closedAt?: string;
  readonly score?: number;
  readonly dueOn?: string;
  readonly snoozedUntil?: string;
}

/** A case on a student, from a flag, owned by this person. */
export async function createIntervention(
  database: Database,
  { tenantId, userId: studentId }: Pick<Member, 'tenantId' | 'userId'>,
  { userId: ownerId }: { readonly userId: string },
  options: InterventionOptions = {},
): Promise<string> {
  const id = uuidv7();
  const { status = 'open', openedDay = '2026-02-20', score = 80 } = options;
  const isClosed = status === 'resolved' || status === 'dismissed';
  const contactedDay = options.contactedDay ?? (status === 'contacted' || status === 'resolved' ? openedDay : null);
  await database.run(
    `-- test.insertIntervention
    insert into interventions (tenant_id, id, student_id, owner_id, origin, status, action, due_on, snoozed_until,
      opened_at, opened_by, opened_day, opened_score, opened_band, contacted_at, contacted_day, contacted_score,
      closed_at, closed_by, outcome, dismissal, updated_at)
    values ($1, $2, $3, $4::uuid, 'flag', $5::text, $6, $7, $8, $9::date, $4::uuid, $9::date, $10::numeric, $11,
      $12::date, $12::date, case when $12::date is not null then $10::numeric end, $13::timestamptz,
      case when $13::timestamptz is not null then $4::uuid end, case when $5::text = 'resolved' then 'better' end,
      case when $5::text = 'dismissed' then 'not_at_risk' end, $9::date)`,
    [
      tenantId, id, studentId, ownerId, status, contactedDay === null ? null : (options.action ?? 'call'),
      options.dueOn ?? null, options.snoozedUntil ?? null, openedDay, score, bandOf(score), contactedDay,
      isClosed ? (options.closedAt ?? '2026-03-01T12:00:00Z') : null,
    ],
  ); // prettier-ignore
  return id;
}
