import { type Case, type Expectations, members } from './expectation.js';
import { type Kind, type Row, sightOf } from './plan.js';

/** A filter narrows what one may see and opens nothing: about others the list is empty. */
const filter = (name: string, target: Kind, differs?: string): Case => ({
  target,
  send: ({ id }) => ({ query: { [name]: id } }),
  own: 200,
  foreign: 200,
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});
const ofSubmission = ({ id, assignmentId = id, studentId = id }: Row): { assignmentId: string; studentId: string } => ({
  assignmentId,
  studentId,
});
/** The attempt that is open on each has the id of the row. */
const attempt = (body?: object): Case => ({
  target: 'submission',
  send: ({ id }) => ({ path: { id }, body }),
  own: 200,
  foreign: 404,
});
const doers = ['student', 'service'] as const;

export const attempts: Expectations = {
  submissionsList: {
    may: members,
    cases: [
      { own: 200 },
      filter('assignmentId', 'assignment'),
      filter('assignmentId', 'commonAssignment'),
      filter('studentId', 'student'),
      filter('instructorId', 'staff'),
      filter('departmentId', 'department', 'students one may see may well lie below a department above one'),
      { send: () => ({ query: { state: 'inProgress', sort: 'student' } }), own: 200 },
    ],
  },
  submissionsGet: {
    may: members,
    cases: [
      {
        target: 'submission',
        send: (row) => {
          const { assignmentId, studentId } = ofSubmission(row);
          return { path: { id: assignmentId, studentId } };
        },
        own: 200,
        foreign: 404,
      },
      {
        target: 'student',
        send: ({ id, place }, fixture) => {
          const tenant = place === 'otherTenant' ? place : 'own';
          return { path: { id: fixture.row('commonAssignment', tenant).id, studentId: id } };
        },
        own: 200,
        foreign: 404,
      },
    ],
  },
  attemptsGet: { may: members, cases: [attempt()] },
  attemptsStart: {
    may: doers,
    cases: [
      {
        target: 'submission',
        send: (row) => ({ body: { id: row.id, ...ofSubmission(row) } }),
        own: 201,
        foreign: 404,
      },
      {
        target: 'submission',
        send: (row) => ({ body: ofSubmission(row) }),
        own: [409, 'attempt_open'],
        foreign: 404,
      },
      {
        // an id that is another's tells nothing of it, and neither does work that is another's
        target: 'assignment',
        send: ({ id }, fixture) => ({ body: { assignmentId: id, studentId: fixture.row('student', 'own').id } }),
        own: ({ place }) => (place === 'own' ? [409, 'attempt_open'] : 404),
        foreign: 404,
      },
    ],
  },
  attemptsSave: { may: doers, cases: [attempt({ content: { answer: 'Bravo' } })] },
  attemptsSubmit: { may: doers, cases: [attempt({ timeSpentSeconds: 60 })] },
};
