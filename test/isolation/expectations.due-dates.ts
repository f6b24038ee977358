import { type Case, type Expectations, type Sent, staff } from './expectation.js';
import type { Fixture } from './fixture.js';
import type { Row } from './plan.js';

const until = '2027-03-12T12:00:00Z';
const missing = [404, 'submission_not_found'] as const;
const byPath = ({ id, assignmentId = id, studentId = id }: Row): Sent => ({ path: { id: assignmentId, studentId } });
/** Of what everybody has: whose student one is alone decides. */
const common = (fixture: Fixture): Sent => ({ path: { id: fixture.row('commonAssignment', 'own').id } });
const many = (send: NonNullable<Case['send']>, none = '"extended":0'): Case => ({
  target: 'student',
  send,
  own: [200, '"extended":1'],
  foreign: [200, none],
});
const file = (who: string, fixture: Fixture): string => `pid,until,reason\n${who},${until},${fixture.fresh()}\n`;

export const dueDates: Expectations = {
  extensionsExtend: {
    may: staff,
    cases: [
      {
        target: 'submission',
        send: (row, fixture) => ({ ...byPath(row), body: { until, reason: fixture.fresh() } }),
        own: 200,
        foreign: missing,
      },
    ],
  },
  extensionsTakeBack: { may: staff, cases: [{ target: 'submission', send: byPath, own: 204, foreign: missing }] },
  extensionsExtendMany: {
    may: staff,
    cases: [
      {
        target: 'assignment',
        send: ({ id }, fixture) => ({ path: { id }, body: { filter: {}, until, reason: fixture.fresh() } }),
        own: 200,
        foreign: [404, 'assignment_not_found'],
      },
      many(({ id }, fixture) => ({
        ...common(fixture),
        body: { studentIds: [id], until, reason: fixture.fresh() },
      })),
      many(({ pid }, fixture) => ({
        ...common(fixture),
        body: { items: [{ pid, until, reason: fixture.fresh() }] },
      })),
      many(
        ({ pid }, fixture) => ({
          ...common(fixture),
          body: { filter: { search: pid }, until, reason: fixture.fresh() },
        }),
        '"results":[]',
      ),
    ],
  },
  extensionsImport: {
    may: staff,
    cases: [
      {
        target: 'assignment',
        send: ({ id }, fixture) => ({ path: { id }, csv: file('P-404', fixture) }),
        own: [200, '"rejected":1'],
        foreign: [404, 'assignment_not_found'],
      },
      many(({ pid }, fixture) => ({ ...common(fixture), csv: file(pid, fixture) })),
    ],
  },
  accommodationsList: {
    may: staff,
    cases: [
      { own: 200 },
      {
        target: 'student',
        send: ({ id }) => ({ query: { studentId: id } }),
        own: [200, '"timeFactor"'],
        foreign: [200, '"data":[]'],
      },
    ],
  },
  accommodationsCreate: {
    may: staff,
    cases: [
      {
        target: 'student',
        send: ({ id }, fixture) => ({
          body: { studentId: id, extraDays: 1, reason: fixture.fresh(), ...fixture.freshHour() },
        }),
        own: 201,
        foreign: [404, 'student_not_found'],
      },
    ],
  },
  // each bears the id of a submission
  accommodationsChange: {
    may: staff,
    cases: [
      {
        target: 'submission',
        send: ({ id }, fixture) => ({ path: { id }, body: { reason: fixture.fresh() } }),
        own: 200,
        foreign: [404, 'accommodation_not_found'],
      },
    ],
  },
  accommodationsEnd: {
    may: staff,
    cases: [
      {
        target: 'submission',
        send: ({ id }) => ({ path: { id } }),
        own: 204,
        foreign: [404, 'accommodation_not_found'],
      },
    ],
  },
};
