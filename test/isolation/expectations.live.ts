import { type Expectations, members } from './expectation.js';

/** From the beginning of the log, in which something is told of everybody of the fixture. */
export const live: Expectations = {
  liveTicket: { may: members, cases: [{ own: 201 }] },
  liveListen: { may: members, cases: [{ send: () => ({ query: { lastEventId: '0' } }), own: 200 }] },
};
