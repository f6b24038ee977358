import { type Case, type Expectations, owned, staff } from './expectation.js';
import { isOfTenant, type Kind, sightOf } from './plan.js';

const readers = [...staff, 'service'] as const;

/** Filters narrow what one may see and open nothing: about others the gradebook is empty. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});

const segment = (target: 'segment' | 'sharedSegment'): Case => ({
  ...filter('segmentId', target),
  foreign: 404,
  reaches: target === 'segment' ? owned : isOfTenant,
});

const cases: readonly Case[] = [
  { own: 200 },
  filter('departmentId', 'department', 'students one may see may well lie below a department above one'),
  filter('instructorId', 'staff'),
  filter('ownerId', 'staff'),
  filter('assignmentIds', 'assignment'),
  filter('assignmentIds', 'commonAssignment'),
  segment('segment'),
  segment('sharedSegment'),
  { target: 'student', send: ({ pid }) => ({ query: { search: pid } }), own: 200, foreign: 200 },
];

/** The same as a file of one format. */
const as =
  (format: string) =>
  ({ send, ...one }: Case): Case => ({
    ...one,
    send: async (row, fixture, actor) => ({ query: { ...(await send?.(row, fixture, actor))?.query, format } }),
  });

export const gradebook: Expectations = {
  gradebookShow: { may: readers, cases },
  gradebookExport: { may: readers, cases: [...cases.map(as('csv')), ...cases.slice(0, 1).map(as('xlsx'))] },
  itemAnalysisOfAssignment: {
    may: readers,
    cases: (['assignment', 'commonAssignment'] as const).map((target) => ({
      target,
      send: ({ id }) => ({ path: { id } }),
      own: 200,
      foreign: 404,
    })),
  },
  itemAnalysisOfModule: {
    may: readers,
    cases: [{ target: 'module', send: ({ id }) => ({ path: { id } }), own: 200, foreign: 404 }],
  },
};
