import { type Case, type Expectations, staff } from './expectation.js';
import { type Actor, isOfTenant, type Kind, type Row } from './plan.js';

const graders = [...staff, 'service'] as const;

/** One student's work on one assignment. */
const work = (row: Row): Readonly<Record<string, string>> => ({
  id: row.assignmentId ?? row.id,
  studentId: row.studentId ?? row.id,
});

/** Many at once, of work that everybody in the tenant has: about those beyond reach as about nobody. */
const bulk = (rows: (row: Row) => ReturnType<NonNullable<Case['send']>>): Case[] => [
  {
    target: 'student',
    send: async (row, fixture) => ({ path: { id: fixture.row('commonAssignment', 'own').id }, ...(await rows(row)) }),
    own: [200, '"rejected":0'],
    foreign: [200, '"result":"student_not_found"'],
  },
];
const within = (target: 'assignment' | 'commonAssignment', sent: ReturnType<NonNullable<Case['send']>>): Case => ({
  target,
  send: async ({ id }) => ({ path: { id }, ...(await sent) }),
  own: [200, '"result":"student_not_found"'],
  foreign: 404,
});
const nobody = '0198f000-0000-7000-8000-000000000000';

/** One's own alone; those of the fixture show grades as they are given. */
const release: Case[] = (['assignment', 'commonAssignment'] as const).map((target: Kind): Case => ({
  target,
  send: ({ id }) => ({ path: { id } }),
  own: [409, 'grade_release_automatic'],
  foreign: 404,
  reaches:
    target === 'commonAssignment'
      ? (actor: Actor, row) => ['admin', 'service'].includes(actor.role) && isOfTenant(actor, row)
      : undefined,
}));

export const grading: Expectations = {
  gradesGive: {
    may: graders,
    cases: [
      {
        target: 'submission',
        send: (row) => ({ path: work(row), body: { grade: 80 } }),
        own: 200,
        foreign: [404, 'submission_not_found'],
      },
    ],
  },
  gradesHistory: {
    may: graders,
    cases: [
      {
        target: 'submission',
        send: (row) => ({ path: work(row) }),
        own: [200, '"total":1'],
        foreign: [404, 'submission_not_found'],
      },
    ],
  },
  gradesGiveMany: {
    may: graders,
    cases: [
      ...bulk(({ id }) => ({ body: { grades: [{ studentId: id, grade: 80 }] } })),
      ...bulk(({ pid }) => ({ body: { grades: [{ pid, grade: 80 }] } })),
      within('assignment', { body: { grades: [{ studentId: nobody, grade: 80 }] } }),
      within('commonAssignment', { body: { grades: [{ studentId: nobody, grade: 80 }] } }),
    ],
  },
  gradesImport: {
    may: graders,
    cases: [
      ...bulk(({ id }) => ({ csv: `studentId,grade\n${id},80\n` })),
      ...bulk(({ pid }) => ({ csv: `pid,grade\n${pid},80\n` })),
      within('assignment', { csv: 'pid,grade\nnobody,80\n' }),
      within('commonAssignment', { csv: 'pid,grade\nnobody,80\n' }),
    ],
  },
  gradesRelease: { may: graders, cases: release },
  gradesHide: { may: graders, cases: release },
  gradeBatchesList: { may: graders, cases: [{ own: 200 }] },
  gradeBatchesUndo: {
    may: graders,
    cases: [
      {
        // that by which the fixture has graded it bears its id
        target: 'assignment',
        send: ({ id }) => ({ path: { id } }),
        own: [200, '"result":"undone"'],
        foreign: [404, 'grade_batch_not_found'],
        spare: true,
      },
    ],
  },
  exemptionsSet: {
    may: graders,
    cases: [
      {
        target: 'submission',
        send: (row) => ({ path: work(row), body: { exemption: 'exempt', reason: 'ill' } }),
        own: 200,
        foreign: [404, 'submission_not_found'],
      },
    ],
  },
  exemptionsSetMany: {
    may: graders,
    cases: [
      ...bulk(({ id }) => ({ body: { studentIds: [id], exemption: 'exempt', reason: 'ill' } })),
      within('assignment', { body: { studentIds: [nobody], exemption: null, reason: 'well' } }),
      within('commonAssignment', { body: { studentIds: [nobody], exemption: null, reason: 'well' } }),
    ],
  },
};
