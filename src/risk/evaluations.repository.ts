import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Contribution, RiskInputs } from './risk-model.js';

/** A row of the ledger. */
export interface StoredEvaluation {
  readonly studentId: string;
  /** Local day, `YYYY-MM-DD`. */
  readonly day: string;
  /** 0: at the end of the day; others: during it, in their order. */
  readonly number: number;
  readonly departmentId: string;
  readonly instructorId: string | null;
  /** That of the department's cohort which the student was measured against. */
  readonly cohortDay: string;
  readonly modelVersion: string;
  readonly inputs: RiskInputs;
  readonly insufficient: string | null;
  readonly logOdds: number;
  readonly baseLogOdds: number;
  readonly contributions: readonly Contribution[];
  readonly score: number;
}

const columns = `student_id as "studentId", day, number, department_id as "departmentId", instructor_id as "instructorId",
  cohort_day as "cohortDay", model_version as "modelVersion", inputs, insufficient, log_odds as "logOdds",
  base_log_odds as "baseLogOdds", contributions, score`;

/** The ledger: what was scored, when, and from what. Rows are only ever added. */
@Injectable()
export class EvaluationsRepository {
  constructor(private readonly database: Database) {}

  /** Those that are there already stay as they are. @returns the students whose rows are new */
  async insert(tenantId: string, evaluations: readonly StoredEvaluation[], at: Date): Promise<Set<string>> {
    const inserted = await this.database.many<{ studentId: string }>(
      `-- risk.insertEvaluations
      insert into risk_evaluations (tenant_id, student_id, day, number, evaluated_at, department_id, instructor_id,
        cohort_day, model_version, inputs, insufficient, log_odds, base_log_odds, contributions, score)
      select $1, "studentId", day, number, $3, "departmentId", "instructorId", "cohortDay", "modelVersion", inputs,
        insufficient, "logOdds", "baseLogOdds", contributions, score
      from jsonb_to_recordset($2::jsonb) as new ("studentId" uuid, day date, number integer, "departmentId" uuid,
        "instructorId" uuid, "cohortDay" date, "modelVersion" text, inputs jsonb, insufficient text, "logOdds" numeric,
        "baseLogOdds" numeric, contributions jsonb, score numeric)
      on conflict (tenant_id, student_id, day, number) do nothing
      returning student_id as "studentId"`,
      [tenantId, JSON.stringify(evaluations), at],
    );
    return new Set(inserted.map(({ studentId }) => studentId));
  }

  /** The last of each of these students from a day on: of one day the one at its end comes after the others. */
  listLatest(tenantId: string, studentIds: readonly string[], since: string): Promise<StoredEvaluation[]> {
    return this.database.many<StoredEvaluation>(
      `-- risk.listLatestEvaluations
      select latest.* from unnest($2::uuid[]) as wanted (id)
      cross join lateral (
        select ${columns} from risk_evaluations
        where tenant_id = $1 and student_id = wanted.id and day >= $3
        order by day desc, number = 0 desc, number desc limit 1
      ) latest`,
      [tenantId, studentIds, since],
    );
  }

  /** Scores that could be shown at the end of a day, of these students. */
  listShownAtEndOf(
    tenantId: string,
    studentIds: readonly string[],
    day: string,
  ): Promise<{ studentId: string; score: number }[]> {
    return this.database.many<{ studentId: string; score: number }>(
      `-- risk.listShownScores
      select student_id as "studentId", score from risk_evaluations
      where tenant_id = $1 and student_id = any ($2) and day = $3 and number = 0 and insufficient is null`,
      [tenantId, studentIds, day],
    );
  }

  /** The next active students, by id, who had joined by the end of a day and have no score of it. */
  async listUnscored(tenantId: string, day: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- risk.listUnscored
      select student_id as id from student_progress p
      where tenant_id = $1 and is_active and joined_on <= $2 and student_id > $3 and not exists (
        select from risk_evaluations e
        where e.tenant_id = $1 and e.student_id = p.student_id and e.day = $2 and e.number = 0
      )
      order by student_id limit $4`,
      [tenantId, day, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** The next students, by id, who have work of this assignment. */
  async listHolders(tenantId: string, assignmentId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- risk.listHolders
      select student_id as id from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id > $3 and withdrawn_at is null
      order by student_id limit $4`,
      [tenantId, assignmentId, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Departments that had students at the end of a day, as the students are placed now. */
  async listDepartments(tenantId: string, day: string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- risk.listDepartments
      select d.id from departments d
      where d.tenant_id = $1 and exists (
        select from student_progress p
        where p.tenant_id = $1 and p.department_id = d.id and p.is_active and p.joined_on <= $2
      )
      order by d.id`,
      [tenantId, day],
    );
    return rows.map(({ id }) => id);
  }

  /** All of a day, by student: the page after one of them. */
  listDay(
    tenantId: string,
    day: string,
    after: { readonly studentId: string; readonly number: number },
    limit: number,
  ): Promise<StoredEvaluation[]> {
    return this.database.many<StoredEvaluation>(
      `-- risk.listEvaluationsOfDay
      select ${columns} from risk_evaluations
      where tenant_id = $1 and day = $2 and (student_id, number) > ($3::uuid, $4::integer)
      order by student_id, number limit $5`,
      [tenantId, day, after.studentId, after.number, limit],
    );
  }
}
