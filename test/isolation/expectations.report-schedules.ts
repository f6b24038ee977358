import { type Case, type Expectations, owned, staff } from './expectation.js';
import type { Actor, Row } from './plan.js';
import { isOfTenant } from './plan.js';

const missing = [404, 'report_schedule_not_found'] as const;
const daily = { name: 'Daily', kind: 'roster', format: 'csv', every: 'day', at: '07:00' };
const version = { 'if-match': '"1"' };

/** Administrators may look at those of others, and stop them. */
const isSeen = (actor: Actor, row: Row): boolean =>
  owned(actor, row) || (actor.viewer?.role === 'admin' && isOfTenant(actor, row));
const one = (use: Omit<Case, 'target' | 'reaches' | 'foreign'>): Case => ({
  target: 'reportSchedule',
  reaches: isSeen,
  foreign: missing,
  ...use,
});

export const reportSchedules: Expectations = {
  reportSchedulesList: { may: [...staff, 'service'], cases: [{ own: 200 }] },
  reportSchedulesGet: { may: [...staff, 'service'], cases: [one({ send: ({ id }) => ({ path: { id } }), own: 200 })] },
  reportSchedulesCreate: {
    may: staff,
    cases: [
      { send: (_, fixture) => ({ body: { ...daily, name: fixture.fresh() } }), own: 201 },
      {
        target: 'segment',
        send: ({ id }) => ({ body: { ...daily, filter: { segmentId: id } } }),
        own: 201,
        foreign: 404,
        reaches: owned,
      },
    ],
  },
  reportSchedulesChange: {
    may: [...staff, 'service'],
    cases: [
      one({ send: ({ id }) => ({ path: { id }, headers: version, body: { isActive: false } }), own: 200, spare: true }),
    ],
  },
  reportSchedulesDelete: {
    may: [...staff, 'service'],
    cases: [
      one({
        send: ({ id }) => ({ path: { id } }),
        own: (row, actor) => (owned(actor, row) ? 204 : [403, 'report_schedule_not_own']),
        spare: true,
      }),
    ],
  },
};
