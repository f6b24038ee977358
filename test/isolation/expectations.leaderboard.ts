import { type Expectations, members } from './expectation.js';

export const leaderboard: Expectations = {
  // nobody has said that fellow students may see them: a student is shown nobody else
  leaderboardShow: { may: members, cases: [{ own: 200 }] },
  leaderboardChoiceShow: { may: ['student'], cases: [{ own: 200 }] },
  leaderboardChoiceChoose: {
    may: ['student'],
    cases: [{ send: () => ({ body: { takesPart: null } }), own: 200 }],
  },
};
