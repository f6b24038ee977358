import { type Case, type Expectations, staff } from './expectation.js';
import type { Fixture } from './fixture.js';

const keepers = ['admin', 'service'] as const;
const persons = ['student', ...staff] as const;
const byPath: Case['send'] = ({ id }) => ({ path: { id } });
const ownDepartment = (fixture: Fixture): string => fixture.row('department', 'own').id;
const ownStudent = async (fixture: Fixture): Promise<string> => (await fixture.spare(fixture.row('student', 'own'))).id;
const newStudent = (fixture: Fixture, fields: object): object => ({
  role: 'student',
  name: fixture.fresh(),
  departmentId: ownDepartment(fixture),
  ...fields,
});
const mismatch = [422, 'instructor_department_mismatch'] as const;
/** Everywhere else an instructor fits neither the student's department nor one above it. */
const fits = (place: string): boolean => ['own', 'siblingRoster', 'parentDepartment'].includes(place);

const person = (target: 'student' | 'staff', own: number, spare?: true): Case => ({
  target,
  send: byPath,
  own,
  foreign: 404,
  spare,
});

export const people: Expectations = {
  usersList: {
    may: keepers,
    cases: [
      { own: 200 },
      { target: 'department', send: ({ id }) => ({ query: { departmentId: id } }), own: 200, foreign: 200 },
      { target: 'student', send: ({ name }) => ({ query: { search: name } }), own: 200, foreign: 200 },
      { target: 'staff', send: ({ email }) => ({ query: { search: email } }), own: 200, foreign: 200 },
    ],
  },
  usersCreate: {
    may: keepers,
    cases: [
      {
        target: 'department',
        send: ({ id }, fixture) => ({ body: newStudent(fixture, { departmentId: id }) }),
        own: 201,
        foreign: [422, 'department_unknown'],
      },
      {
        target: 'staff',
        send: ({ id }, fixture) => ({ body: newStudent(fixture, { instructorId: id }) }),
        own: ({ place }) => (fits(place) ? 201 : mismatch),
        foreign: [422, 'instructor_not_found'],
      },
      {
        target: 'student',
        send: ({ id }, fixture) => ({ body: newStudent(fixture, { id }) }),
        own: [409, 'user_exists'],
        foreign: 201,
        spare: true,
      },
      {
        target: 'student',
        send: ({ email, pid }, fixture) => ({ body: newStudent(fixture, { email, pid }) }),
        own: [409, '_taken'],
        foreign: 201,
        spare: true,
      },
    ],
  },
  usersGet: { may: keepers, cases: [person('student', 200), person('staff', 200)] },
  usersChange: {
    may: keepers,
    cases: [
      { target: 'student', send: ({ id }) => ({ path: { id }, body: { rank: 'Cadet' } }), own: 200, foreign: 404 },
      { target: 'staff', send: ({ id }) => ({ path: { id }, body: { rank: 'Captain' } }), own: 200, foreign: 404 },
      {
        target: 'department',
        send: async ({ id }, fixture) => ({ path: { id: await ownStudent(fixture) }, body: { departmentId: id } }),
        own: ({ place }) => (['own', 'childDepartment'].includes(place) ? 200 : mismatch),
        foreign: [422, 'department_unknown'],
      },
      {
        target: 'staff',
        send: async ({ id }, fixture) => ({ path: { id: await ownStudent(fixture) }, body: { instructorId: id } }),
        own: ({ place }) => (fits(place) ? 200 : mismatch),
        foreign: [422, 'instructor_not_found'],
      },
    ],
  },
  ownPhoneGet: { may: persons, cases: [{ own: 200 }] },
  ownPhonePut: { may: persons, cases: [{ send: () => ({ body: { phone: null } }), own: 200 }] },
  usersActivate: { may: keepers, cases: [person('student', 200, true)] },
  usersDeactivate: { may: keepers, cases: [person('student', 200, true)] },
  usersInvite: { may: keepers, cases: [person('student', 202, true)] },
  userImportsImport: {
    may: keepers,
    cases: [
      {
        target: 'department',
        send: ({ code }, fixture) => ({
          csv: `role,name,email,department\nstudent,${fixture.fresh()},${fixture.fresh()}@example.org,${code}\n`,
        }),
        own: [200, '"created":1'],
        foreign: [200, 'department_unknown'],
      },
      {
        target: 'student',
        send: ({ pid }, fixture) => ({
          csv: `role,name,pid,department\nstudent,${fixture.fresh()},${pid},${fixture.row('department', 'own').code}\n`,
        }),
        own: ({ place }) => [
          200,
          place === 'own' || place === 'classmate' || place === 'siblingRoster' ? '"updated":1' : '',
        ],
        foreign: [200, '"created":1'],
        spare: true,
      },
    ],
  },
  usersMerge: {
    may: ['admin'],
    cases: [
      {
        target: 'student',
        send: async ({ id }, fixture) => ({ path: { id }, body: { intoId: await ownStudent(fixture) } }),
        own: 200,
        foreign: 404,
        spare: true,
      },
      {
        target: 'student',
        send: async ({ id }, fixture) => ({ path: { id: await ownStudent(fixture) }, body: { intoId: id } }),
        own: 200,
        foreign: [422, 'user_unknown'],
        spare: true,
      },
    ],
  },
};
