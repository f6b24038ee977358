import { type Case, type Expectations, staff } from './expectation.js';
import { segments } from './expectations.modules.js';
import { type Kind, sightOf } from './plan.js';

const readers = [...staff, 'service'] as const;

/** Filters narrow what one may see and open nothing: of others there are no sums. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});
const departmentAbove = 'students one may see may well lie below a department above one';
const places = [filter('departmentId', 'department', departmentAbove), filter('instructorId', 'staff')];

export const performance: Expectations = {
  performanceShow: {
    may: readers,
    cases: [{ own: 200 }, ...places, filter('moduleId', 'module'), ...segments],
  },
  departmentFiguresShow: { may: readers, cases: [{ own: 200 }, ...places] },
  activityHeatmapShow: { may: readers, cases: [{ own: 200 }, ...places] },
  comparisonShow: {
    may: readers,
    cases: [
      { own: 400 },
      {
        target: 'staff',
        send: ({ id }) => ({ query: { otherFrom: '2026-01-01', otherTo: '2026-01-31', instructorId: id } }),
        own: 200,
        foreign: 200,
        reaches: (actor, row) => sightOf(actor, row) >= 2,
      },
      {
        target: 'department',
        send: ({ id }, fixture) => ({
          query: { departmentId: fixture.row('department', 'own').id, otherDepartmentId: id },
        }),
        own: ({ place }) => (place === 'own' ? 400 : 200),
        foreign: ({ place }) => (place === 'own' ? 400 : 200),
        differs: departmentAbove,
      },
    ],
  },
};
