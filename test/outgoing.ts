import { QueueingJobs, SendingJobs } from '../src/channels/channels.jobs.js';
import type { Outcome } from '../src/jobs/job.js';
import type { TestApp } from './app.js';
import type { Place } from './factories.js';
import { runOf, topicOf } from './messages.js';

export interface OutgoingDelivery {
  readonly id: string;
  readonly userId: string;
  readonly state: string;
  readonly isHeld: boolean;
  readonly attempts: number;
  readonly dueAt: string;
  readonly error: string | null;
}

type Home = Pick<Place, 'tenantId'>;

export const deliveriesOf = (app: TestApp, { tenantId }: Home): Promise<OutgoingDelivery[]> =>
  app.database.many<OutgoingDelivery>(
    `-- test.listDeliveries
    select id, user_id as "userId", state, is_held as "isHeld", attempts, due_at as "dueAt", error
    from outgoing_deliveries where tenant_id = $1 order by id`,
    [tenantId],
  );

export const statesOf = async (app: TestApp, home: Home): Promise<string[]> =>
  (await deliveriesOf(app, home)).map(({ state }) => state);

/** As the queue does with what the outbox has of the tenant, all of it again each time. */
export async function queueOutgoing(app: TestApp, { tenantId }: Home): Promise<void> {
  for (const topic of ['messages.distributed', 'notifications.told']) {
    for (const { payload } of await topicOf(app, tenantId, topic)) {
      const run = { ...runOf(tenantId, 'test'), payload: payload as never };
      await app.app.get(QueueingJobs, { strict: false }).queue(run);
    }
  }
}

/** As the queue does when something is due. */
export const sendOutgoing = (app: TestApp, { tenantId }: Home): Promise<Outcome> =>
  app.app.get(SendingJobs, { strict: false }).send(runOf(tenantId, 'email'));
