import { type Expectations, members } from './expectation.js';

export const metrics: Expectations = {
  metricsList: { may: members, cases: [{ own: 200 }] },
};
