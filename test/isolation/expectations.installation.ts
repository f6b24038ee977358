import type { Expectations } from './expectation.js';

const operators = ['operator'] as const;

/** Tenants as such: an operator may look at all of them, and into none. */
export const installation: Expectations = {
  cacheShow: { may: operators, cases: [{ own: 200 }] },
  systemLogsList: { may: operators, cases: [{ own: 200 }] },
  runsList: { may: operators, cases: [{ own: 200 }] },
  tenantsList: { may: operators, cases: [{ own: 200 }] },
  tenantsCreate: {
    may: operators,
    cases: [
      {
        target: 'tenant',
        send: ({ code }, fixture) => ({
          body: { slug: code, name: fixture.fresh(), administrator: { name: 'Ada', email: 'ada@example.org' } },
        }),
        own: [409, 'slug_taken'],
        foreign: 201,
        spare: true,
      },
    ],
  },
  tenantsGet: {
    may: operators,
    cases: [{ target: 'tenant', send: ({ id }) => ({ path: { id } }), own: 200, foreign: 404 }],
  },
  tenantsChange: {
    may: operators,
    cases: [
      {
        target: 'tenant',
        send: ({ id }, fixture) => ({ path: { id }, body: { name: fixture.fresh() } }),
        own: 200,
        foreign: 404,
        spare: true,
      },
    ],
  },
  identityProvidersGet: {
    may: operators,
    cases: [{ target: 'tenant', send: ({ id }) => ({ path: { id } }), own: 404, foreign: 404 }],
  },
  identityProvidersPut: {
    may: operators,
    cases: [
      {
        target: 'tenant',
        send: ({ id }, fixture) => ({
          path: { id },
          body: { issuer: `https://${fixture.fresh()}.example.org`, audience: 'https://api.example.org' },
        }),
        own: 200,
        foreign: 404,
        spare: true,
      },
    ],
  },
  identityProvidersDelete: {
    may: operators,
    cases: [{ target: 'tenant', send: ({ id }) => ({ path: { id } }), own: 404, foreign: 404 }],
  },
};
