import { AchievementsJobs } from '../src/activity/achievements.jobs.js';
import { unlockAchievements } from '../src/jobs/catalogue.js';
import * as jobs from '../src/jobs/catalogue.js';
import type { Handler, JobDefinition, Run } from '../src/jobs/job.js';
import { NotificationsJobs } from '../src/notifications/notifications.jobs.js';
import type { NotificationResponse } from '../src/notifications/notifications.dto.js';
import type { TestApp } from './app.js';
import type { Person } from './factories.js';

interface Occurrence {
  readonly id: number;
  readonly tenantId: string;
  readonly topic: string;
  readonly key: string;
  readonly payload: Run['payload'];
}

function handlersOf({ app }: TestApp): ReadonlyMap<JobDefinition, Handler> {
  const unlocking = app.get(AchievementsJobs, { strict: false });
  const telling = app.get(NotificationsJobs, { strict: false });
  return new Map<JobDefinition, Handler>([
    [unlockAchievements, (run) => unlocking.unlock(run)],
    [jobs.tellAssigned, (run) => telling.tellAssigned(run)],
    [jobs.tellDueSoon, (run) => telling.tellDueSoon(run)],
    [jobs.tellOverdue, (run) => telling.tellOverdue(run)],
    [jobs.tellGraded, (run) => telling.tellGraded(run)],
    [jobs.tellAtRisk, (run) => telling.tellAtRisk(run)],
    [jobs.tellAchieved, (run) => telling.tellAchieved(run)],
    [jobs.tellMessage, (run) => telling.tellMessage(run)],
    [jobs.tellReport, (run) => telling.tellReport(run)],
    [jobs.tellFailed, (run) => telling.tellFailed(run)],
  ]);
}

/** As the queues have it done, without queues: what achievements and trays make of the events of a tenant. */
export function occurrencesOf(app: TestApp, { tenantId }: { readonly tenantId: string }) {
  let last = 0;
  const since = (id: number): Promise<Occurrence[]> =>
    app.database.many<Occurrence>(
      `-- test.listOccurrences
      select id, tenant_id as "tenantId", topic, key, payload from outbox where tenant_id = $1 and id > $2 order by id`,
      [tenantId, id],
    );
  const tell = async ({ id, tenantId, topic, key, payload }: Occurrence): Promise<void> => {
    for (const [{ name, on }, handle] of handlersOf(app)) {
      const run = { job: name, tenantId, key, occasion: `outbox-${id}`, payload, attempt: 1 };
      if (on?.includes(topic)) await handle({ ...run, signal: new AbortController().signal });
    }
  };
  return {
    /** What has happened since the last time, and what follows from it. */
    async follow(): Promise<void> {
      for (let events = await since(last); events.length > 0; events = await since(last)) {
        for (const event of events) await tell(event);
        last = events.at(-1)!.id;
      }
    },
    /** All that has ever happened, once more; `beside`: each thing twice at the same time. */
    async repeat({ beside = false } = {}): Promise<void> {
      for (const event of await since(0)) await Promise.all([tell(event), ...(beside ? [tell(event)] : [])]);
    },
  };
}

/** Newest first. */
export async function trayOf(app: TestApp, person: Person, query = ''): Promise<NotificationResponse[]> {
  const answer = await app.as(person).get(`/notifications?limit=100${query}`).expect(200);
  return (answer.body as { data: NotificationResponse[] }).data;
}
