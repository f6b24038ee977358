import { type Case, type Expectations, members, owned, staff } from './expectation.js';
import type { Fixture } from './fixture.js';
import { type Actor, isOfTenant, type Row, sightOf } from './plan.js';

const givers = [...staff, 'service'] as const;

/** One's own to change: of an assignment that is common to all, administrators' and services' alone. */
const owns = (actor: Actor, row: Row): boolean =>
  row.kind === 'commonAssignment'
    ? isOfTenant(actor, row) && ['admin', 'service'].includes(actor.viewer!.role)
    : actor.role !== 'student' && sightOf(actor, row) === 3;

const ofAssignments = (own: number, body?: object): Case[] =>
  (['assignment', 'commonAssignment'] as const).map((target): Case => ({
    target,
    send: ({ id }) => ({ path: { id }, body }),
    own,
    foreign: 404,
    reaches: owns,
    spare: body ? true : undefined,
  }));

/** All who may hand out anything own this one. */
const ownAssignment = (fixture: Fixture): { id: string } => ({ id: fixture.row('assignment', 'own').id });
const fromOwn = (body: (row: Row, fixture: Fixture) => object): Case['send'] =>
  (row, fixture) => ({ path: ownAssignment(fixture), body: body(row, fixture) }); // prettier-ignore

export const handOuts: Expectations = {
  handOutsList: { may: members, cases: ofAssignments(200) },
  handOutsCreate: {
    may: givers,
    cases: [
      ...ofAssignments(200, { filter: {} }),
      {
        target: 'student',
        send: fromOwn(({ id }) => ({ studentIds: [id] })),
        own: [200, '"rejected":0'],
        foreign: [200, 'student_not_found'],
      },
      {
        target: 'student',
        send: fromOwn(({ pid }) => ({ filter: { search: pid }, isDynamic: true })),
        own: [200, '"results":[{'],
        foreign: [200, '"results":[]'],
      },
      ...(['segment', 'sharedSegment'] as const).map((target): Case => ({
        target,
        send: fromOwn(({ id }) => ({ segmentId: id, dryRun: true })),
        own: 200,
        foreign: 404,
        reaches: target === 'segment' ? owned : isOfTenant,
      })),
      {
        target: 'handOut',
        send: fromOwn(({ id }, fixture) => ({ id, filter: { search: fixture.fresh() }, isDynamic: true })),
        own: [409, 'hand_out_id_taken'],
        foreign: ({ place }) => (['otherTenant', 'nowhere'].includes(place) ? 200 : [409, 'hand_out_id_taken']),
        spare: true,
        differs: 'an id that a colleague has used cannot be had twice in a tenant',
      },
    ],
  },
  handOutsEnd: {
    may: givers,
    cases: [
      {
        target: 'handOut',
        send: ({ id, assignmentId = id }) => ({ path: { id: assignmentId, handOutId: id } }),
        own: 204,
        foreign: 404,
        spare: true,
      },
      {
        target: 'handOut',
        send: ({ id }, fixture) => ({ path: { ...ownAssignment(fixture), handOutId: id } }),
        own: 204,
        foreign: 404,
        reaches: (_, { place }) => place === 'own',
        spare: true,
      },
    ],
  },
  withdrawalsCreate: {
    may: givers,
    cases: [
      ...ofAssignments(200, { filter: {} }),
      {
        target: 'student',
        send: fromOwn(({ id }) => ({ studentIds: [id], dryRun: true })),
        own: 200,
        foreign: [200, '"notGiven":1'],
      },
    ],
  },
};
