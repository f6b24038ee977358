import { type Expectations, members, type Sent, staff } from './expectation.js';
import type { Fixture } from './fixture.js';

const editors = ['admin'] as const;

const session = (fixture: Fixture, fields: Readonly<Record<string, unknown>>): object => ({
  id: fixture.freshId(),
  moduleId: 'moduleCode' in fields ? undefined : fixture.row('module', 'own').id,
  score: 80,
  startedAt: '2026-03-02T07:20:00Z',
  completedAt: '2026-03-02T07:30:00Z',
  ...fields,
});
const record = (fixture: Fixture, ...sessions: Readonly<Record<string, unknown>>[]): Sent => ({
  body: { sessions: sessions.map((fields) => session(fixture, fields)) },
});
/** The one student that both a student and a service may write for. */
const ownStudent = (fixture: Fixture): string => fixture.row('student', 'own').id;
const accepted = [200, '"accepted":1'] as const;
const rejected = [200, '"accepted":0'] as const;

export const activity: Expectations = {
  sessionsRecord: {
    may: ['student', 'service'],
    cases: [
      {
        target: 'student',
        send: ({ id }, fixture) => record(fixture, { studentId: id }),
        own: accepted,
        foreign: rejected,
      },
      {
        target: 'student',
        send: ({ id }, fixture) => record(fixture, { studentId: ownStudent(fixture) }, { studentId: id }),
        own: [200, '"accepted":2'],
        foreign: [200, '"accepted":1,"duplicates":0,"rejected":1'],
      },
      {
        target: 'module',
        send: ({ id }, fixture) => record(fixture, { studentId: ownStudent(fixture), moduleId: id }),
        own: accepted,
        foreign: rejected,
      },
      {
        target: 'module',
        send: ({ code }, fixture) => record(fixture, { studentId: ownStudent(fixture), moduleCode: code }),
        own: accepted,
        foreign: rejected,
      },
      {
        target: 'session',
        send: ({ id }, fixture) => record(fixture, { studentId: ownStudent(fixture), id }),
        own: [200, '"duplicates":1'],
        foreign: ({ place }) => (['otherTenant', 'nowhere'].includes(place) ? accepted : rejected),
        reaches: (_, { place }) => place === 'own',
        spare: true,
        differs: 'an id that another student has used cannot be had twice in a tenant',
      },
    ],
  },
  categoriesList: {
    may: members,
    cases: [
      { own: 200 },
      { target: 'category', send: ({ name }) => ({ query: { search: name } }), own: 200, foreign: 200 },
    ],
  },
  categoriesCreate: {
    may: editors,
    cases: [
      {
        target: 'category',
        send: ({ id }, fixture) => ({ body: { id, code: fixture.fresh(), title: 'Radio' } }),
        own: [409, 'category_exists'],
        foreign: 201,
        spare: true,
      },
      {
        target: 'category',
        send: ({ code }) => ({ body: { code, title: 'Radio' } }),
        own: [409, 'code_taken'],
        foreign: 201,
        spare: true,
      },
    ],
  },
  categoriesChange: {
    may: editors,
    cases: [
      { target: 'category', send: ({ id }) => ({ path: { id }, body: { title: 'Radio' } }), own: 200, foreign: 404 },
    ],
  },
  modulesList: {
    may: members,
    cases: [
      { own: 200 },
      { target: 'category', send: ({ id }) => ({ query: { categoryId: id } }), own: 200, foreign: 200 },
      { target: 'module', send: ({ code }) => ({ query: { search: code } }), own: 200, foreign: 200 },
    ],
  },
  modulesCreate: {
    may: editors,
    cases: [
      {
        target: 'category',
        send: ({ id }, fixture) => ({ body: { categoryId: id, code: fixture.fresh(), title: 'Quiz', kind: 'quiz' } }),
        own: 201,
        foreign: 422,
      },
      {
        target: 'module',
        send: ({ id, code }, fixture) => ({
          body: { id, code, categoryId: fixture.row('category', 'own').id, title: 'Quiz', kind: 'quiz' },
        }),
        own: 409,
        foreign: 201,
        spare: true,
      },
    ],
  },
  modulesChange: {
    may: editors,
    cases: [
      { target: 'module', send: ({ id }) => ({ path: { id }, body: { title: 'Quiz' } }), own: 200, foreign: 404 },
      {
        target: 'category',
        send: ({ id }, fixture) => ({ path: { id: fixture.row('module', 'own').id }, body: { categoryId: id } }),
        own: 200,
        foreign: 422,
      },
    ],
  },
  modulesDelete: {
    may: editors,
    cases: [{ target: 'module', send: ({ id }) => ({ path: { id } }), own: 204, foreign: 404, spare: true }],
  },
  dashboardDashboard: { may: staff, cases: [{ own: 200 }] },
  dashboardStatistics: { may: staff, cases: [{ own: 200 }] },
  dashboardTrend: { may: staff, cases: [{ own: 200 }] },
};
