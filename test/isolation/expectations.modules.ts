import { type Case, type Expectations, members, owned, staff } from './expectation.js';
import { isOfTenant, type Kind, sightOf } from './plan.js';

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

/** Services have none, whether there is one or not. */
export const segments = (['segment', 'sharedSegment'] as const).map((target): Case => ({
  target,
  send: ({ id }) => ({ query: { segmentId: id } }),
  own: (_, actor) => (actor.role === 'service' ? 403 : 200),
  foreign: (_, actor) => (actor.role === 'service' ? 403 : 404),
  reaches: target === 'segment' ? owned : isOfTenant,
}));

export const modules: Expectations = {
  moduleFiguresModules: {
    may: analysts,
    cases: [{ own: 200 }, ...places, filter('categoryId', 'category'), ...segments],
  },
  moduleFiguresDifficulty: {
    may: analysts,
    cases: [{ own: 200 }, ...places, filter('categoryId', 'category'), ...segments],
  },
  questionsList: {
    may: analysts,
    cases: [
      { target: 'module', send: ({ id }) => ({ query: { moduleId: id } }), own: 200, foreign: 404 },
      ...places.map((one): Case => ({
        ...one,
        send: ({ id }, fixture, { home }) => ({
          query: {
            moduleId: fixture.row('module', home === 'otherTenant' ? home : 'own').id,
            [one.target === 'staff' ? 'instructorId' : 'departmentId']: id,
          },
        }),
      })),
    ],
  },
  cohortsShow: { may: analysts, cases: [{ own: 200 }, ...places] },
  // nobody has said that fellow students may see them: a student is shown nobody else
  leaderboardShow: { may: members, cases: [{ own: 200 }] },
  leaderboardChoiceShow: { may: ['student'], cases: [{ own: 200 }] },
  leaderboardChoiceChoose: {
    may: ['student'],
    cases: [{ send: () => ({ body: { takesPart: null } }), own: 200 }],
  },
};
