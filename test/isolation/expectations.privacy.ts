import { type Case, type Expectations, staff } from './expectation.js';
import { isOfTenant, type Actor, type Row } from './plan.js';

const persons = ['student', ...staff] as const;
const nobody = '0198f000-0000-7000-8000-000000000099';
const missing = (code: string): Case => ({ send: () => ({ path: { id: nobody } }), own: [404, code] });
/** Oneself, and everybody of the organisation for who runs it. */
const mayAsk = (actor: Actor, row: Row): boolean =>
  row.id === actor.viewer?.userId || (actor.role === 'admin' && isOfTenant(actor, row));

export const privacy: Expectations = {
  accessRequestsRequest: {
    may: persons,
    cases: (['student', 'staff'] as const).map((target) => ({
      target,
      send: ({ id }) => ({ body: { personId: id } }),
      own: 202,
      foreign: 404,
      reaches: mayAsk,
    })),
  },
  accessRequestsList: { may: persons, cases: [{ own: 200 }] },
  accessRequestsGet: { may: persons, cases: [missing('access_request_not_found')] },
  accessRequestsCancel: { may: persons, cases: [missing('access_request_not_found')] },
  accessRequestsFile: {
    may: persons,
    cases: [
      { send: () => ({ path: { id: nobody }, query: { format: 'json' } }), own: [404, 'access_request_not_found'] },
    ],
  },
  erasuresRequest: {
    may: ['admin'],
    cases: [
      {
        target: 'student',
        send: ({ id }) => ({ body: { personId: id, reason: 'Asked for by letter' } }),
        own: 202,
        foreign: 404,
        spare: true,
      },
    ],
  },
  erasuresList: { may: ['admin'], cases: [{ own: 200 }] },
  erasuresGet: { may: ['admin'], cases: [missing('erasure_not_found')] },
  erasuresCancel: { may: ['admin'], cases: [missing('erasure_not_found')] },
};
