import { type Expectations, staff } from './expectation.js';

const readers = [...staff, 'service'] as const;
const impossible = [422, 'assignment_unknown'] as const;

export const risk: Expectations = {
  riskDetail: {
    may: readers,
    cases: [{ target: 'student', send: ({ id }) => ({ path: { id } }), own: 200, foreign: 404 }],
  },
  riskHistory: {
    may: readers,
    cases: [{ target: 'student', send: ({ id }) => ({ path: { id } }), own: 200, foreign: 404 }],
  },
  riskWhatIf: {
    may: readers,
    cases: [
      { target: 'student', send: ({ id }) => ({ path: { id }, body: { activeDays: 2 } }), own: 200, foreign: 404 },
      {
        target: 'assignment',
        send: ({ id }, fixture) => ({
          path: { id: fixture.row('student', 'own').id },
          body: { handIn: [{ assignmentId: id }] },
        }),
        own: 200,
        foreign: impossible,
        // what the student has, and no other student's work
        reaches: (_, { place }) => place === 'own',
      },
    ],
  },
};
