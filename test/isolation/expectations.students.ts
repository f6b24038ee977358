import { type Case, type Expectations, members, owned, staff } from './expectation.js';
import { isOfTenant, isWithin, type Kind, sightOf } from './plan.js';

const overseers = ['supervisor', 'admin'] as const;

/** A filter narrows what one may see and opens nothing: about others the list is empty. */
const filter = (name: string, target: Kind, field: 'id' | 'name' | 'email' | 'pid' = 'id', differs?: string): Case => ({
  target,
  send: (row) => ({ query: { [name]: row[field] } }),
  own: 200,
  foreign: 200,
  // to be named by somebody whom one knows by name
  reaches: target === 'staff' ? (actor, row) => sightOf(actor, row) >= 2 : undefined,
  differs,
});

/** The list takes the filter of a segment; the segments routes have those alone. */
const segment = (target: 'segment' | 'sharedSegment', suffix: Case['send']): Case => ({
  target,
  send: suffix,
  own: 200,
  foreign: 404,
  reaches: target === 'segment' ? owned : isOfTenant,
});

const mismatch = [422, 'instructor_department_mismatch'] as const;
const byPath: Case['send'] = ({ id }) => ({ path: { id } });
const change: Case['send'] = ({ id }, fixture) => ({ path: { id }, body: { name: fixture.fresh() } });

export const students: Expectations = {
  studentsList: {
    may: members,
    cases: [
      { own: 200 },
      filter('departmentId', 'department', 'id', 'students one may see may well lie below a department above one'),
      filter('instructorId', 'staff'),
      filter('moduleId', 'module'),
      filter('assignmentId', 'assignment'),
      filter('assignmentId', 'commonAssignment'),
      filter('search', 'student', 'name'),
      filter('search', 'student', 'email'),
      filter('search', 'student', 'pid'),
      segment('segment', ({ id }) => ({ query: { segmentId: id } })),
      segment('sharedSegment', ({ id }) => ({ query: { segmentId: id } })),
    ],
  },
  studentsDetail: {
    may: members,
    cases: [{ target: 'student', send: byPath, own: 200, foreign: 404 }],
  },
  studentsChange: {
    may: staff,
    cases: [
      { target: 'student', send: ({ id }) => ({ path: { id }, body: { targetScore: 80 } }), own: 200, foreign: 404 },
    ],
  },
  studentsAssignOne: {
    may: overseers,
    cases: [
      {
        target: 'student',
        send: ({ id }) => ({ path: { id }, body: { instructorId: null } }),
        own: 204,
        foreign: 404,
        spare: true,
      },
      {
        target: 'staff',
        send: async ({ id }, fixture) => ({
          path: { id: (await fixture.spare(fixture.row('student', 'own'))).id },
          body: { instructorId: id },
        }),
        own: ({ place }) => (['childDepartment', 'siblingDepartment'].includes(place) ? mismatch : 204),
        foreign: [422, 'instructor_not_found'],
        // a department is served by its own instructors and by those of the departments above it
        reaches: (actor, row) =>
          isOfTenant(actor, row) &&
          (actor.role === 'admin' || isWithin(row.place, 'own') || row.place === 'parentDepartment'),
      },
    ],
  },
  studentsAssign: {
    may: overseers,
    cases: [
      {
        target: 'student',
        send: async ({ id }, fixture) => ({
          body: { instructorId: null, studentIds: [(await fixture.spare(fixture.row('student', 'own'))).id, id] },
        }),
        own: [200, '"rejected":0'],
        foreign: [200, '"assigned":1,"unchanged":0,"rejected":1'],
        spare: true,
      },
      {
        target: 'student',
        send: ({ pid }) => ({ body: { instructorId: null, filter: { search: pid } } }),
        own: [200, '"assigned":1'],
        foreign: [200, '"results":[]'],
        spare: true,
      },
    ],
  },
  segmentsList: { may: staff, cases: [{ own: 200 }] },
  segmentsCreate: {
    may: staff,
    cases: [
      {
        target: 'department',
        send: ({ id }, fixture) => ({ body: { name: fixture.fresh(), filter: { departmentId: id } } }),
        own: 201,
        foreign: 201,
      },
      {
        target: 'segment',
        send: ({ id, name }) => ({ body: { id, name, filter: {} } }),
        own: 201,
        foreign: ({ place }) => (['otherTenant', 'nowhere'].includes(place) ? 201 : [409, 'segment_id_taken']),
        reaches: owned,
        spare: true,
        differs: 'an id that a colleague has used cannot be had twice in a tenant',
      },
    ],
  },
  segmentsGet: { may: staff, cases: [segment('segment', byPath), segment('sharedSegment', byPath)] },
  segmentsCount: { may: staff, cases: [segment('segment', byPath), segment('sharedSegment', byPath)] },
  segmentsChange: {
    may: staff,
    cases: [segment('segment', change), { ...segment('sharedSegment', change), reaches: owned }],
  },
  segmentsDelete: {
    may: staff,
    cases: (['segment', 'sharedSegment'] as const).map((target): Case => ({
      target,
      send: byPath,
      own: 204,
      foreign: 404,
      reaches: owned,
      spare: true,
    })),
  },
};
