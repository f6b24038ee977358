import { type Case, type Expectation, type Expectations, members, owned, staff, type Verdict } from './expectation.js';
import { type Actor, isOfTenant, type Kind, type Row, sightOf } from './plan.js';

const editors = [...staff, 'service'] as const;

/** A filter narrows what one may see and opens nothing: about others the list is empty. */
const filter = (name: string, target: Kind, field: 'id' | 'name' = 'id'): Case => ({
  target,
  send: (row) => ({ query: { [name]: row[field] } }),
  own: 200,
  foreign: 200,
  // to be named by somebody whom one knows by name
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
});

/** What is everybody's is seen by all of them, and changed by those alone who run the tenant. */
const governs = (actor: Actor, row: Row): boolean =>
  isOfTenant(actor, row) && (actor.role === 'admin' || actor.role === 'service');
/** Whose work may be this actor's to set. */
const speaksFor = (actor: Actor, row: Row): boolean =>
  sightOf(actor, row) === 3 || actor.viewer?.rosters?.includes(row.id) === true;

const byPath: Case['send'] = ({ id }) => ({ path: { id } });
const empty: Case['send'] = ({ id }) => ({ path: { id }, body: {} });
const seen = (send: Case['send'], own: Verdict): Case[] =>
  (['assignment', 'commonAssignment'] as const).map((target) => ({ target, send, own, foreign: 404 }));
const changed = (send: Case['send'], own: Verdict): Case[] => [
  { target: 'assignment', send, own, foreign: 404, spare: true },
  { target: 'commonAssignment', send, own, foreign: 404, reaches: governs, spare: true },
];
const step = (own: Verdict): Expectation => ({ may: editors, cases: changed(byPath, own) });
const isActive = [409, 'assignment_active'] as const;

export const assignments: Expectations = {
  assignmentsList: {
    may: members,
    cases: [
      { own: 200 },
      filter('ownerId', 'staff'),
      filter('moduleId', 'module'),
      filter('search', 'assignment', 'name'),
      filter('search', 'commonAssignment', 'name'),
    ],
  },
  assignmentsGet: { may: members, cases: seen(byPath, 200) },
  assignmentsCreate: {
    may: editors,
    cases: [
      {
        target: 'module',
        send: ({ id }, fixture) => ({ body: { title: fixture.fresh(), moduleIds: [id] } }),
        own: 201,
        foreign: [422, 'module_unknown'],
      },
      {
        target: 'staff',
        send: ({ id }, fixture) => ({ body: { title: fixture.fresh(), ownerId: id } }),
        own: 201,
        foreign: [422, 'owner_not_found'],
        reaches: speaksFor,
      },
      {
        target: 'assignment',
        send: ({ id }, fixture) => ({ body: { id, title: fixture.fresh() } }),
        own: 201,
        foreign: ({ place }) => (['otherTenant', 'nowhere'].includes(place) ? 201 : [409, 'assignment_id_taken']),
        reaches: owned,
        spare: true,
        differs: 'an id that a colleague has used cannot be had twice in a tenant',
      },
    ],
  },
  assignmentsChange: {
    may: editors,
    cases: [
      ...changed(({ id }, fixture) => ({ path: { id }, body: { title: fixture.fresh() } }), 200),
      {
        target: 'module',
        send: ({ id }, fixture) => ({
          path: { id: fixture.row('assignment', 'own').id },
          body: { moduleIds: [id] },
        }),
        own: 200,
        foreign: [422, 'module_unknown'],
      },
      {
        target: 'staff',
        send: async ({ id }, fixture) => ({
          path: { id: (await fixture.spare(fixture.row('assignment', 'own'))).id },
          body: { ownerId: id },
        }),
        own: 200,
        foreign: [422, 'owner_not_found'],
        reaches: speaksFor,
      },
    ],
  },
  assignmentsCopy: { may: editors, cases: seen(empty, 201) },
  assignmentsDelete: step(isActive),
  assignmentsPublish: { may: editors, cases: changed(empty, isActive) },
  assignmentsPause: step(200),
  assignmentsResume: step(isActive),
  assignmentsComplete: step(200),
  assignmentsArchive: step(isActive),
  assignmentsRestore: step(isActive),
};
