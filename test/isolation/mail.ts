import type { Database } from '../../src/database/database.js';
import type { Row } from './plan.js';

/** A draft, to all whom its owner may see. */
export async function insertMessage(
  database: Database,
  tenantId: string,
  { id, personId, name, code }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertDraft
    insert into messages (tenant_id, id, sender_id, status, subject, body, content_type, audience, created_at, updated_at)
    values ($1, $2, $3, 'draft', $4, $5, 'text', '{"filter": {}}', '2026-03-01', '2026-03-01')`,
    [tenantId, id, personId, name, code],
  );
}

export async function insertSentMessage(
  database: Database,
  tenantId: string,
  { id, personId, studentId, name, code }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertSentMessage
    with message as (
      insert into messages (tenant_id, id, sender_id, status, subject, body, content_type, audience, wanted, position,
        created_at, updated_at)
      values ($1, $2, $3, 'sent', $5, $6, 'text', jsonb_build_object('userIds', array[$4::uuid]), 1, 1, '2026-03-01',
        '2026-03-01')
    ), thread as (
      insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
      values ($1, $4, $2, $3, $5, '2026-03-01'), ($1, $3, $2, $4, $5, '2026-03-01')
    ), recipient as (
      insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at)
      values ($1, $2, $4, $2, '2026-03-01')
    )
    insert into deliveries (tenant_id, message_id, user_id, channel, queued_at, sent_at, delivered_at)
    values ($1, $2, $4, 'app', '2026-03-01', '2026-03-01', '2026-03-01')`,
    [tenantId, id, personId, studentId, name, code],
  );
}
