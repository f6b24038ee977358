import type { AssignmentDetail, AssignmentRow } from './assignments.dto.js';

export const rowExample: AssignmentRow = {
  id: '0198f000-0000-7000-8000-000000000006',
  ownerId: '0198f000-0000-7000-8000-000000000002',
  title: 'Phonetic alphabet, part 1',
  category: 'Homework',
  tags: ['alphabet'],
  priority: 'normal',
  status: 'active',
  isTemplate: false,
  isShared: false,
  targetScore: 80,
  needsGrading: true,
  availableFrom: '2026-11-02T07:00:00Z',
  availableUntil: null,
  dueAt: '2026-11-20T17:00:00Z',
  publishedAt: '2026-10-30T09:12:00Z',
  createdAt: '2026-10-29T14:40:00Z',
  updatedAt: '2026-10-30T09:12:00Z',
  version: 2,
  counts: {
    students: 12, excused: 1, assigned: 11, notStarted: 2, inProgress: 1, submitted: 3, completed: 1, graded: 4,
    done: 8, overdue: 3, dueSoon: 0, missing: 0, late: 1, awaitingGrade: 4, meanScore: 76.25,
  },
}; // prettier-ignore

export const detailExample: AssignmentDetail = {
  ...rowExample,
  description: 'Letters A to M',
  instructions: 'Practise until you reach the target, then say all of them without help.',
  estimatedDurationSeconds: 2_700,
  modules: [
    {
      id: '0197b2c4-1f00-7000-8000-0000000000d1',
      code: 'alphabet-basics',
      title: 'The alphabet: basics',
      kind: 'quiz',
      isActive: true,
    },
  ],
  maxAttempts: 3,
  retakePolicy: 'untilPassed',
  attemptPolicy: 'best',
  weight: 1,
  gradeRelease: 'manual',
  gradesReleasedAt: null,
  latePenalty: 10,
  latePenaltyLimit: 50,
  lateGraceSeconds: 3_600,
  feedbackRules: [{ minScore: 80, text: 'Well done.' }],
  copiedFromId: null,
};
