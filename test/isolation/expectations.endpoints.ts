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
  endpointsDelete: call(404),
  endpointsRotateSecret: call(404),
  endpointsTest: call(404),
};
