import { type Case, type Expectations, owned, staff } from './expectation.js';
import { isOfTenant, type Kind, sightOf } from './plan.js';

const readers = [...staff, 'service'] as const;

/** Filters narrow what one may see and open nothing: about others there is nothing. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});

const department = filter(
  'departmentId',
  'department',
  'rosters one may see may well lie below a department above one',
);

const segment = (target: 'segment' | 'sharedSegment'): Case => ({
  ...filter('segmentId', target),
  foreign: 404,
  reaches: target === 'segment' ? owned : isOfTenant,
});

/** What is made in the background, for whole tenants at once, and read in parts. */
export const viewFigures: Expectations = {
  viewsList: { may: ['admin', 'operator'], cases: [{ own: 200 }] },
  viewsRefresh: { may: ['operator'], cases: [{ own: 202 }] },
  instructorPerformanceList: { may: readers, cases: [{ own: 200 }, department] },
  learnersList: {
    may: readers,
    cases: [
      { own: 200 },
      department,
      filter('instructorId', 'staff'),
      filter('moduleId', 'module'),
      segment('segment'),
      segment('sharedSegment'),
    ],
  },
  platformMetricsShow: { may: ['admin', 'service'], cases: [{ own: 200 }] },
};
