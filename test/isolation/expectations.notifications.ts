import { type Case, type Expectations, members, owned, staff } from './expectation.js';

const may = ['student', ...staff] as const;
const one = (use: Partial<Case> = {}): Case => ({
  target: 'notification',
  send: ({ id }) => ({ path: { id } }),
  reaches: owned,
  own: 200,
  foreign: 404,
  ...use,
});

export const notifications: Expectations = {
  notificationsList: { may, cases: [{ own: 200 }] },
  notificationsCountUnread: { may, cases: [{ own: 200 }] },
  // nothing was told so long ago
  notificationsReadAll: { may, cases: [{ send: () => ({ body: { until: '2020-01-01T00:00:00Z' } }), own: 200 }] },
  notificationsRead: { may, cases: [one({ spare: true })] },
  notificationsArchive: { may, cases: [one({ spare: true })] },
  achievementsList: {
    may: members,
    cases: [{ target: 'student', send: ({ id }) => ({ path: { id } }), own: 200, foreign: 404 }],
  },
};
