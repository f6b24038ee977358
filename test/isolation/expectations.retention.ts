import type { Expectations } from './expectation.js';

const administrators = ['admin'] as const;

export const retention: Expectations = {
  retentionPreview: { may: administrators, cases: [{ own: 200 }] },
  retentionList: { may: administrators, cases: [{ own: 200 }] },
  legalHoldsList: {
    may: administrators,
    cases: [
      { own: 200 },
      {
        target: 'student',
        send: ({ id }) => ({ query: { personId: id } }),
        own: 200,
        foreign: 200,
      },
    ],
  },
  legalHoldsPlace: {
    may: administrators,
    cases: [
      {
        target: 'student',
        send: ({ id }, fixture) => ({ body: { personId: id, category: 'messages', reason: fixture.fresh() } }),
        own: 201,
        foreign: [422, 'user_unknown'],
      },
    ],
  },
  legalHoldsLift: {
    may: administrators,
    cases: [
      {
        target: 'legalHold',
        send: ({ id }, fixture) => ({ path: { id }, body: { reason: fixture.fresh() } }),
        own: 200,
        foreign: 404,
        spare: true,
      },
    ],
  },
};
