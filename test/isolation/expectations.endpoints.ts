import type { Expectations } from './expectation.js';

const administrators = ['admin'] as const;
const path = { channel: 'webhook' };
const call = (own: number, body?: object) => ({
  may: administrators,
  // the one of the tenant of whoever asks, which is the only one that can be named
  cases: [{ send: () => ({ path, body }), own }],
});

/** Where tenants' channels lead: none leads anywhere here, so that nothing is called. */
export const endpoints: Expectations = {
  endpointsGet: call(404),
  endpointsPut: {
    may: administrators,
    cases: [
      {
        send: () => ({ path: { channel: 'sms' }, body: { url: 'https://hooks.invalid/', isActive: false } }),
        own: 200,
      },
    ],
  },
  bouncesList: { may: administrators, cases: [{ own: 200 }] },
  // there are no deliveries that could be named
  bouncesReport: {
    may: ['admin', 'service'],
    cases: [
      {
        target: 'student',
        send: ({ id }) => ({ body: { bounces: [{ deliveryId: id, kind: 'hard' }] } }),
        own: [200, '"unknown"'],
        foreign: [200, '"unknown"'],
      },
    ],
  },
  // nothing has come back from anybody
  bouncesClear: {
    may: administrators,
    cases: [{ target: 'student', send: ({ id }) => ({ path: { userId: id } }), own: 404, foreign: 404 }],
  },
  // whoever comes without a link of a mail is nobody
  unsubscriptionsAsk: { may: 'everyone', cases: [{ send: () => ({ path: { link: 'x'.repeat(98) } }), own: 404 }] },
  unsubscriptionsUnsubscribe: {
    may: 'everyone',
    cases: [
      {
        send: () => ({ path: { link: 'x'.repeat(98) }, form: { 'List-Unsubscribe': 'One-Click' } }),
        own: 404,
      },
    ],
  },
  endpointsDelete: call(404),
  endpointsRotateSecret: call(404),
  endpointsTest: call(404),
};
