import { MessagesJobs } from '../src/messaging/messages.jobs.js';
import type { Run } from '../src/jobs/job.js';
import type { TestApp } from './app.js';
import type { Body } from './workroom.js';

/** As the queue has it done. */
export const runOf = (tenantId: string | null, key: string): Run => ({
  job: 'messaging.test',
  tenantId,
  key,
  occasion: `test-${key}`,
  payload: {},
  attempt: 1,
  signal: new AbortController().signal,
});

export const jobsOf = (app: TestApp): MessagesJobs => app.app.get(MessagesJobs, { strict: false });

/** Puts what has been accepted into the boxes. */
export async function deliver(app: TestApp, tenantId: string): Promise<void> {
  const sending = await app.database.many<{ id: string }>(
    `-- test.listSending
    select id from messages where tenant_id = $1 and status = 'sending' order by id`,
    [tenantId],
  );
  for (const { id } of sending) await jobsOf(app).fanOutMessage(runOf(tenantId, id));
}

/** What each recipient has, by message and person. */
export const receiptsOf = (app: TestApp, messageId: string): Promise<Body[]> =>
  app.database.many<Body>(
    `-- test.listReceipts
    select r.user_id as "userId", r.thread_id as "threadId", r.variables, d.channel, d.delivered_at as "deliveredAt"
    from message_recipients r
    left join deliveries d on d.tenant_id = r.tenant_id and d.message_id = r.message_id and d.user_id = r.user_id
    where r.message_id = $1 order by r.user_id`,
    [messageId],
  );

export const topicOf = (app: TestApp, tenantId: string, topic: string): Promise<{ key: string; payload: Body }[]> =>
  app.database.many<{ key: string; payload: Body }>(
    `-- test.messageEvents
    select key, payload from outbox where tenant_id = $1 and topic = $2 order by id`,
    [tenantId, topic],
  );
