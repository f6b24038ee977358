import { type Case, type Expectations, members, staff } from './expectation.js';
import { type Kind, sightOf } from './plan.js';

const analysts = [...staff, 'service'] as const;

/** Filters narrow what one may see and open nothing. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});

const places: readonly Case[] = [
  filter('departmentId', 'department', 'students one may see may well lie below a department above one'),
  filter('instructorId', 'staff'),
];

export const modules: Expectations = {
  cohortsShow: { may: analysts, cases: [{ own: 200 }, ...places] },
  // nobody has said that fellow students may see them: a student is shown nobody else
  leaderboardShow: { may: members, cases: [{ own: 200 }] },
  leaderboardChoiceShow: { may: ['student'], cases: [{ own: 200 }] },
  leaderboardChoiceChoose: {
    may: ['student'],
    cases: [{ send: () => ({ body: { takesPart: null } }), own: 200 }],
  },
};
