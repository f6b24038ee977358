import { type Case, type Expectations, owned, staff } from './expectation.js';
import { type Kind, sightOf } from './plan.js';

/** A filter narrows what one may see and opens nothing. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});
const filters: readonly Case[] = [
  { own: 200 },
  filter('studentId', 'student'),
  filter('ownerId', 'staff'),
  filter('instructorId', 'staff'),
  filter('departmentId', 'department', 'students one may see may well lie below a department above one'),
];

const missing = [404, 'intervention_not_found'] as const;
/** A step of a case that nobody has touched. */
const step = (body: object | ((text: string) => object), target: Kind = 'intervention'): Case => ({
  target,
  send: ({ id }, fixture) => ({
    path: { id },
    headers: { 'if-match': '"1"' },
    body: typeof body === 'function' ? body(fixture.fresh()) : body,
  }),
  own: 200,
  foreign: missing,
  spare: true,
});

export const interventions: Expectations = {
  interventionsList: { may: staff, cases: filters },
  interventionsCount: { may: staff, cases: filters },
  interventionsOpen: {
    may: staff,
    cases: [
      {
        target: 'student',
        send: ({ id }, fixture) => ({ body: { studentId: id, reason: fixture.fresh() } }),
        own: 201,
        foreign: [404, 'student_not_found'],
        // whoever was there before has one
        spare: true,
      },
    ],
  },
  interventionsOpenMany: {
    may: staff,
    cases: [
      {
        target: 'student',
        send: ({ id }, fixture) => ({ body: { studentIds: [id], reason: fixture.fresh() } }),
        own: [200, '"opened":1'],
        foreign: [200, '"opened":0,"unchanged":0,"rejected":1'],
        spare: true,
      },
      {
        target: 'student',
        send: ({ pid }) => ({ body: { filter: { search: pid } } }),
        own: [200, '"opened":1'],
        foreign: [200, '"results":[]'],
        spare: true,
      },
      {
        target: 'segment',
        send: ({ id }) => ({ body: { segmentId: id, dryRun: true } }),
        own: 200,
        foreign: [404, 'segment_not_found'],
        reaches: owned,
      },
    ],
  },
  interventionsDetail: {
    may: staff,
    cases: (['intervention', 'closedIntervention'] as const).map((target) => ({
      target,
      send: ({ id }) => ({ path: { id } }),
      own: 200,
      foreign: missing,
    })),
  },
  interventionsChange: { may: staff, cases: [step((reason) => ({ reason }))] },
  interventionsNote: { may: staff, cases: [step((note) => ({ note }))] },
  interventionsContact: { may: staff, cases: [step((note) => ({ action: 'call', note }))] },
  interventionsResolve: { may: staff, cases: [step({ outcome: 'better' })] },
  interventionsDismiss: { may: staff, cases: [step({ reason: 'data_wrong' })] },
  interventionsSnooze: { may: staff, cases: [step({ until: '2027-01-01' })] },
  interventionsReopen: { may: staff, cases: [step({}, 'closedIntervention')] },
  timelinesList: {
    may: [...staff, 'service'],
    cases: [{ target: 'student', send: ({ id }) => ({ path: { id } }), own: 200, foreign: [404, 'student_not_found'] }],
  },
};
