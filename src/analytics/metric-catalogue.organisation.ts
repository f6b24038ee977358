import type { MetricDefinition } from './metric-definition.js';

const retention = (what: string, id: string, text: string): MetricDefinition => ({
  id,
  title: `Retention of ${what}`,
  unit: 'days',
  meaning: text,
  formula: 'as set',
});

const perDay = (id: string, title: string, meaning: string, unlessSet: number): MetricDefinition => {
  return { id, title, unit: 'count', meaning, formula: `as set for the tenant; ${unlessSet} unless set` };
};

/** Departments, people and the settings of a tenant. */
export const organisationMetrics: readonly MetricDefinition[] = [
  {
    id: 'departmentStudents',
    title: 'Students of a department',
    unit: 'count',
    meaning: 'Active students of the department and all below it. No value where the viewer sees the name only.',
    formula: 'active students with the department or one below it',
    fields: ['DepartmentResponse.students', 'DepartmentChange.students'],
  },
  {
    id: 'departmentInstructors',
    title: 'Instructors of a department',
    unit: 'count',
    meaning: 'Active instructors of the department and all below it. No value where the viewer sees the name only.',
    formula: 'active instructors with the department or one below it',
    fields: ['DepartmentResponse.instructors', 'DepartmentChange.instructors'],
  },
  {
    id: 'misplacedStudents',
    title: 'Students misplaced by a change',
    unit: 'count',
    meaning: 'Active students whose instructor would no longer be of a department above theirs.',
    formula: 'active students of the changed departments whose instructor’s department would not be above',
    fields: ['Misplaced.students'],
  },
  {
    id: 'studentsMoved',
    title: 'Students moved',
    unit: 'count',
    meaning: 'Students moved by a merge of two departments, active or not.',
    formula: 'students of the department that is gone',
    fields: ['DepartmentMerged.students'],
  },
  {
    id: 'staffMoved',
    title: 'Staff moved',
    unit: 'count',
    meaning: 'Instructors and administrators moved by a merge of two departments.',
    formula: 'staff of the department that is gone',
    fields: ['DepartmentMerged.staff'],
  },
  {
    id: 'departmentsMoved',
    title: 'Departments moved',
    unit: 'count',
    meaning: 'Departments moved by a merge, each with all below it.',
    formula: 'departments directly below the one that is gone',
    fields: ['DepartmentMerged.departments'],
  },
  {
    id: 'rosterStudents',
    title: 'Students of a roster',
    unit: 'count',
    meaning: 'Active students whose primary instructor this is. No value where the viewer sees the name only.',
    formula: 'active students with this instructor',
    fields: ['rosterStudents', 'InstructorRow.students', 'InstructorDetail.students', 'InstructorChange.students'],
  },
  {
    id: 'mergedStudents',
    title: 'Students taken over',
    unit: 'count',
    meaning: 'Students of an instructor who are another’s after two accounts became one.',
    formula: 'students of the account that is gone',
    fields: ['MergedUser.students'],
  },
  {
    id: 'mergedSessions',
    title: 'Sessions taken over',
    unit: 'count',
    meaning: 'Sessions of a student that are another’s after two accounts became one.',
    formula: 'sessions of the account that is gone',
    fields: ['MergedUser.sessions'],
  },
  {
    id: 'experienceYears',
    title: 'Experience',
    unit: 'years',
    meaning: 'Years that an instructor has taught.',
    formula: 'as entered',
  },
  {
    id: 'passMark',
    title: 'Pass mark',
    unit: 'percent',
    meaning: 'Score from which a session is passed, and an assignment without a target score.',
    formula: 'as set for the tenant; 70 unless set',
  },
  {
    id: 'sessionCapSeconds',
    title: 'Longest session counted',
    unit: 'seconds',
    meaning: 'More time than this does not count of one session: somebody has left it open.',
    formula: 'as set for the tenant; 7,200 unless set',
  },
  {
    id: 'smallestGroup',
    title: 'Smallest group',
    unit: 'count',
    meaning: 'Of fewer people nothing is told to viewers who may not see the people.',
    formula: 'as set for the tenant; 5 unless set',
  },
  perDay(
    'studentMessagesPerDay',
    'Messages a student may send',
    'How many messages and replies a student may send in a day.',
    50,
  ),
  perDay(
    'staffMessagesPerDay',
    'Messages staff may send',
    'How many messages and replies one of the staff may send in a day.',
    500,
  ),
  perDay(
    'receivedMessagesPerDay',
    'Messages one may get',
    'How many messages a person gets in a day; replies are not counted.',
    50,
  ),
  perDay(
    'notificationsPerDay',
    'Notifications of a day',
    'How many lines from automation a person’s tray gets in a day.',
    20,
  ),
  retention('the audit trail', 'auditRetentionDays', 'How long audit entries are kept.'),
  retention('snapshots', 'snapshotRetentionDays', 'How long a student’s days are kept, and how old a session may be.'),
  retention('analytics', 'analyticsRetentionDays', 'How long sums by day are kept.'),
  retention('messages', 'messageRetentionDays', 'How long messages are kept.'),
  retention('system logs', 'systemLogRetentionDays', 'How long logs of the system are kept.'),
  {
    id: 'erasureWaitingDays',
    title: 'Waiting period of erasures',
    unit: 'days',
    meaning: 'How long an erasure that was asked for can be cancelled before it begins.',
    formula: 'as set',
  },
  retention('risk evaluations', 'riskEvaluationRetentionDays', 'How long scorings of risk are kept.'),
];
