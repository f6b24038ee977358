import { type Case, type Expectations, staff } from './expectation.js';
import type { Fixture } from './fixture.js';
import { type Actor, isOfTenant, isWithin, type Row, sightOf } from './plan.js';

const editors = ['admin'] as const;
const teaching = [...staff, 'service'] as const;
const byPath: Case['send'] = ({ id }) => ({ path: { id } });
const spareDepartment = async (fixture: Fixture): Promise<string> =>
  (await fixture.spare(fixture.row('department', 'own'))).id;

const department = (own: number): Case => ({ target: 'department', send: byPath, own, foreign: 404, spare: true });

/** Nobody is their own substitute. */
const isSelf = ({ viewer }: Actor, { id }: Row): boolean => viewer?.userId === id;
/** One's own roster, a supervisor those of the department and all below it, an administrator any. */
const mayGive = (actor: Actor, row: Row): boolean =>
  isOfTenant(actor, row) &&
  (actor.role === 'admin' || isSelf(actor, row) || (actor.role === 'supervisor' && isWithin(row.place, 'own')));
const giverOf = (fixture: Fixture, { role }: Actor): object =>
  role === 'admin' ? { instructorId: fixture.row('staff', 'childDepartment').id } : {};

export const org: Expectations = {
  settingsGet: { may: staff, cases: [{ own: 200 }] },
  settingsChange: { may: editors, cases: [{ send: () => ({ body: { passMark: 65 } }), own: 200 }] },
  departmentsList: { may: teaching, cases: [{ own: 200 }] },
  departmentsGet: { may: teaching, cases: [{ target: 'department', send: byPath, own: 200, foreign: 404 }] },
  departmentsCreate: {
    may: editors,
    cases: [
      {
        target: 'department',
        send: ({ id }, fixture) => ({ body: { parentId: id, code: fixture.fresh(), name: fixture.fresh() } }),
        own: 201,
        foreign: [422, 'department_unknown'],
      },
      {
        target: 'department',
        send: ({ id }, fixture) => ({
          body: {
            id,
            parentId: fixture.row('department', 'parentDepartment').id,
            code: fixture.fresh(),
            name: fixture.fresh(),
          },
        }),
        own: ({ place }) => (place === 'parentDepartment' ? [422, 'department_below_itself'] : 409),
        foreign: 201,
        spare: true,
      },
      {
        target: 'department',
        send: ({ code }, fixture) => ({
          body: { parentId: fixture.row('department', 'own').id, code, name: fixture.fresh() },
        }),
        own: [409, 'code_taken'],
        foreign: 201,
        spare: true,
      },
    ],
  },
  departmentsChange: {
    may: editors,
    cases: [
      {
        target: 'department',
        send: ({ id }, fixture) => ({ path: { id }, body: { name: fixture.fresh() } }),
        own: 200,
        foreign: 404,
        spare: true,
      },
      {
        target: 'department',
        send: async ({ id }, fixture) => ({ path: { id: await spareDepartment(fixture) }, body: { parentId: id } }),
        own: 200,
        foreign: [422, 'department_unknown'],
      },
    ],
  },
  departmentsActivate: { may: editors, cases: [department(200)] },
  departmentsDeactivate: { may: editors, cases: [department(200)] },
  departmentsMergeInto: {
    may: editors,
    cases: [
      {
        target: 'department',
        send: ({ id }, fixture) => ({ path: { id }, body: { intoId: fixture.row('department', 'own').id } }),
        own: 200,
        foreign: 404,
        spare: true,
      },
      {
        target: 'department',
        send: async ({ id }, fixture) => ({ path: { id: await spareDepartment(fixture) }, body: { intoId: id } }),
        own: 200,
        foreign: 422,
      },
    ],
  },
  instructorsList: {
    may: teaching,
    cases: [
      { own: 200 },
      {
        target: 'staff',
        send: ({ name }) => ({ query: { search: name } }),
        own: 200,
        foreign: 200,
        reaches: (actor, row) => sightOf(actor, row) >= 2,
      },
      {
        target: 'department',
        send: ({ id }) => ({ query: { departmentId: id } }),
        own: 200,
        foreign: 200,
        differs: 'colleagues may well be below a department above the own one',
      },
    ],
  },
  instructorsGet: { may: teaching, cases: [{ target: 'staff', send: byPath, own: 200, foreign: 404 }] },
  instructorsChange: {
    may: editors,
    cases: [
      {
        target: 'staff',
        send: ({ id }, fixture) => ({ path: { id }, body: { territory: fixture.fresh() } }),
        own: 200,
        foreign: 404,
      },
      {
        target: 'staff',
        send: ({ id, place }, fixture) => ({
          path: { id: fixture.row('staff', place === 'childDepartment' ? 'siblingRoster' : 'childDepartment').id },
          body: { supervisorId: id },
        }),
        own: 200,
        foreign: 422,
      },
    ],
  },
  delegationsList: { may: staff, cases: [{ own: 200 }] },
  delegationsCreate: {
    may: staff,
    cases: [
      {
        target: 'staff',
        send: ({ id }, fixture, actor) => ({
          body: { ...giverOf(fixture, actor), substituteId: id, reason: 'holidays', ...fixture.freshHour() },
        }),
        // nobody is their own substitute
        own: (row, actor) =>
          (actor.role === 'admin' ? row.place === 'childDepartment' : isSelf(actor, row)) ? 400 : 201,
        foreign: [422, 'instructor_not_found'],
        reaches: isOfTenant,
        // whoever names a substitute is told the name
        shownTo: 'admin',
      },
      {
        target: 'staff',
        send: ({ id, place }, fixture) => ({
          body: {
            instructorId: id,
            substituteId: fixture.row('staff', place === 'siblingRoster' ? 'childDepartment' : 'siblingRoster').id,
            reason: 'holidays',
            ...fixture.freshHour(),
          },
        }),
        own: 201,
        foreign: [422, 'instructor_not_found'],
        reaches: mayGive,
        shownTo: 'admin',
      },
    ],
  },
  delegationsRevoke: {
    may: staff,
    cases: [
      {
        target: 'delegation',
        send: byPath,
        own: 204,
        foreign: 404,
        spare: true,
      },
    ],
  },
};
