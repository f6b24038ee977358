import { type Case, type Expectations, staff } from './expectation.js';
import { type Kind, sightOf } from './plan.js';

/** Filters narrow what one may see and open nothing: about others there are no contacts. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});

export const effects: Expectations = {
  interventionEffectsShow: {
    may: staff,
    cases: [
      { own: 200 },
      filter('departmentId', 'department', 'students one may see may well lie below a department above one'),
      filter('instructorId', 'staff'),
    ],
  },
};
