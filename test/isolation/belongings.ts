import { NIL, v7 as uuidv7 } from 'uuid';
import type { Database } from '../../src/database/database.js';
import { insertMessage } from './mail.js';
import type { Kind, Row } from './plan.js';

export async function insertSegment(
  database: Database,
  tenantId: string,
  { id, personId, name, kind }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertSegment
    insert into segments (tenant_id, id, owner_id, name, filter, is_shared, created_at, updated_at)
    values ($1, $2, $3, $4, '{}', $5, '2026-03-01', '2026-03-01')`,
    [tenantId, id, personId, name, kind === 'sharedSegment'],
  );
}

export async function insertReport(database: Database, tenantId: string, { id, personId, name }: Row): Promise<void> {
  await database.run(
    `-- test.insertReport
    with file as (
      insert into report_files (tenant_id, id, digest, kind, format, viewer, filter, as_of, created_at)
      values ($1::uuid, $2::uuid, $2::text, 'roster', 'csv',
        jsonb_build_object('tenantId', $1::text, 'userId', $3::text, 'role', 'instructor'),
        jsonb_build_object('search', $4::text), '2026-03-01', '2026-03-01')
      returning tenant_id, id
    )
    insert into reports (tenant_id, id, owner_id, file_id, created_at)
    select tenant_id, id, $3::uuid, id, '2026-03-01' from file`,
    [tenantId, id, personId, name],
  );
}

export async function insertDelegation(
  database: Database,
  tenantId: string,
  { id, personId, substituteId, name }: Row,
  { validFrom, validTo }: { readonly validFrom: string; readonly validTo: string },
): Promise<void> {
  await database.run(
    `-- test.insertDelegation
    insert into delegations
      (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
    values ($1, $2, $3, $4, $5, $6, $3, $7, '2026-03-01')`,
    [tenantId, id, personId, substituteId, validFrom, validTo, name],
  );
}

export async function insertSignIn(database: Database, tenantId: string, { id, personId, name }: Row): Promise<void> {
  await database.run(
    `-- test.insertSignIn
    insert into sign_ins (tenant_id, id, user_id, agent, created_at, last_used_at, expires_at)
    values ($1, $2, $3, $4, '2026-03-01', '2026-03-01', '2026-09-01')`,
    [tenantId, id, personId, name],
  );
}

/** The name is the reason, the code stands in a note. */
export async function insertIntervention(
  database: Database,
  tenantId: string,
  { id, kind, studentId, personId, name, code }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertMarkedIntervention
    insert into interventions (tenant_id, id, student_id, owner_id, origin, status, reason, due_on, opened_at, opened_by,
      opened_day, closed_at, closed_by, outcome, updated_at)
    values ($1, $2, $3, $4, 'flag', case when $6 then 'resolved' else 'open' end, $5, '2026-02-20', '2026-02-10', $4,
      '2026-02-10', case when $6 then timestamptz '2026-02-12' end, case when $6 then $4::uuid end,
      case when $6 then 'better' end, '2026-02-10')`,
    [tenantId, id, studentId, personId, name, kind === 'closedIntervention'],
  );
  await database.run(
    `-- test.insertMarkedEntry
    insert into intervention_entries (tenant_id, id, intervention_id, at, actor_id, kind, note)
    values ($1, gen_random_uuid(), $2, '2026-02-11', $3, 'note', $4)`,
    [tenantId, id, personId, code],
  );
}

export async function insertAchievement(database: Database, tenantId: string, { id, name, code }: Row): Promise<void> {
  await database.run(
    `-- test.insertAchievement
    insert into achievements (tenant_id, id, code, title, description) values ($1, $2, $3, $4, $4)`,
    [tenantId, id, code, name],
  );
}

/** @returns its id */
export async function insertOperator(database: Database): Promise<string> {
  const id = uuidv7();
  await database.run(
    `-- test.insertOperator
    insert into users (tenant_id, id, role, name, joined_on, created_at)
    values ($1, $2, 'operator', 'Operator', '2025-09-01', '2025-09-01')`,
    [NIL, id],
  );
  return id;
}

/** One that is never due. */
export async function insertReportSchedule(
  database: Database,
  tenantId: string,
  { id, personId, name }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertReportSchedule
    insert into report_schedules (tenant_id, id, owner_id, name, kind, format, filter, every, at_minute, recipients,
      next_at, created_at)
    values ($1, $2, $3, $4, 'roster', 'csv', '{}', 'day', 0, array[$3::uuid], '2100-01-01', '2026-03-01')`,
    [tenantId, id, personId, name],
  );
}

/** Unread, and for ever. */
export async function insertNotification(
  database: Database,
  tenantId: string,
  { id, personId, name, code }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertNotification
    insert into notifications (tenant_id, id, user_id, type, priority, title, body, action_url, cause, collapse_key, count,
      created_at, updated_at, expires_at)
    values ($1, $2, $3, 'system_alert', 'normal', $4, $5, '/' || $5, $5, $5, 1, '2026-03-01', '2026-03-01', '2100-01-01')`,
    [tenantId, id, personId, name, code],
  );
}

/** The name is why it failed. */
export async function insertDelivery(database: Database, tenantId: string, { id, personId, name }: Row): Promise<void> {
  await database.run(
    `-- test.insertDelivery
    insert into outgoing_deliveries (tenant_id, id, user_id, channel, cause, priority, state, is_held, queued_at, due_at,
      give_up_at, error)
    values ($1, $2::uuid, $3, 'email', 'digest:' || $2::uuid, 'normal', 'failed', false, '2026-03-01', '2026-03-01',
      '2026-03-01', $4)`,
    [tenantId, id, personId, name],
  );
}

/** The name is its reason. */
export async function insertLegalHold(
  database: Database,
  tenantId: string,
  { id, personId, name }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertLegalHold
    insert into legal_holds (tenant_id, id, person_id, reason, placed_by, placed_at)
    values ($1, $2, $3, $4, $3, '2026-03-01')`,
    [tenantId, id, personId, name],
  );
}

/** What belongs to a person. */
export const owned = {
  segment: insertSegment,
  sharedSegment: insertSegment,
  signIn: insertSignIn,
  notification: insertNotification,
  delivery: insertDelivery,
  report: insertReport,
  reportSchedule: insertReportSchedule,
  message: insertMessage,
  legalHold: insertLegalHold,
} as const;
export type Owned = keyof typeof owned;

export function isOwned(kind: Kind): kind is Owned {
  return Object.hasOwn(owned, kind);
}
