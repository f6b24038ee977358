import { id, numbersStay, type Place } from './place.js';

const module = [
  '(select m.title from modules m where m.tenant_id = $1 and m.id = t.module_id)',
  'What was practised',
] as const;
const category = [
  '(select c.title from categories c where c.tenant_id = $1 and c.id = t.category_id)',
  'The category',
] as const;

/** What of an answer is read by the statistics of questions; whatever else stands in it is the student's own. */
const judgedAnswers = `case when jsonb_typeof(t.answers) = 'array' then (
    select coalesce(jsonb_agg(case when jsonb_typeof(a.answer) = 'object' then (
      select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(a.answer) f
      where f.key = any ('{questionId,correct,score,durationSeconds}')
    ) else 'null' end order by a.n), '[]')
    from jsonb_array_elements(t.answers) with ordinality as a (answer, n)
  ) end`;

/** Sessions, and what they come to. */
export const learningPlaces: readonly Place[] = [
  {
    table: 'sessions',
    people: ['student_id'],
    sections: [
      {
        name: 'sessions',
        title: 'Your sessions',
        of: ['student_id'],
        key: { day: 'date', id: 'uuid' },
        tells: {
          ...id,
          day: 'The day, as the organisation cuts days',
          module,
          category,
          kind: 'What kind of practice',
          status: 'Whether it was completed',
          score: 'Per cent',
          questions: 'How many there were',
          correct: 'How many were right',
          duration_seconds: 'How long, in seconds',
          interactions: 'Clicks or events',
          started_at: 'When it began',
          completed_at: 'When it ended',
          answers: 'Your answers, as they were sent',
          recorded_at: 'When it came in',
        },
      },
    ],
    erases: [{ of: ['student_id'], sets: { answers: judgedAnswers } }],
    stays: numbersStay,
  },
  {
    table: 'session_keys',
    people: ['student_id'],
    untold: 'Ids of sessions that are told.',
    stays: numbersStay,
  },
  {
    table: 'student_progress',
    people: ['student_id', 'instructor_id'],
    sections: [
      {
        name: 'progress',
        title: 'Where you stand',
        of: ['student_id'],
        key: { student_id: 'uuid' },
        tells: {
          instructor: [
            '(select u.name from users u where u.tenant_id = $1 and u.id = t.instructor_id)',
            'Your instructor',
          ],
          sessions_completed: 'Sessions that you completed',
          overall_score: 'Mean of your categories, per cent',
          completion_rate: 'Work that you did of what was assigned, per cent',
          quiz_accuracy: 'Mean score of quizzes in the last 30 days',
          voice_accuracy: 'Mean score of voice practice in the last 30 days',
          improvement_rate: 'The last 14 days against those before, in points',
          consistency_score: 'Active days of the last 28, per cent',
          current_streak: 'Days in a row, up to now',
          longest_streak: 'Days in a row, at most',
          total_time_spent_seconds: 'Time spent, in seconds',
          last_active_on: 'The last day with a completed session',
          last_active_at: 'When you were last active',
          risk_score: 'How likely you are to fail or leave, as it was worked out, per cent',
          risk_announced_band: 'The band that staff were told of',
          is_at_risk: 'Whether you count as at risk',
          is_top_performer: 'Whether you count as a top performer',
          target_score: 'Your goal, per cent',
          target_on: 'By when',
          assignments_assigned: 'How much work was assigned',
          assignments_completed: 'How much of it is completed',
          takes_part: 'Whether leaderboards name you',
        },
      },
    ],
    untold: { name: 'a copy of the profile', email: 'a copy', pid: 'a copy', name_sort: 'a copy, to sort by' },
    step: 'bury',
    stays: numbersStay,
  },
  {
    table: 'student_search',
    people: ['student_id', 'instructor_id'],
    untold: 'A copy of name, address and number, to search by.',
    step: 'bury',
    stays: 'Nothing but the words of the tombstone: it follows the row of the person by trigger.',
  },
  {
    table: 'category_progress',
    people: ['student_id'],
    sections: [
      {
        name: 'categories',
        title: 'Where you stand by category',
        of: ['student_id'],
        key: { category_id: 'uuid' },
        tells: {
          category,
          sessions_completed: 'Sessions that you completed',
          questions: 'Questions',
          correct: 'Right answers',
          score_sum: 'Sum of scores',
          score_count: 'Sessions with a score',
        },
      },
    ],
    stays: numbersStay,
  },
  {
    table: 'student_modules',
    people: ['student_id'],
    sections: [
      {
        name: 'modules',
        title: 'What you have practised',
        of: ['student_id'],
        key: { module_id: 'uuid' },
        tells: {
          module,
          first_on: 'The first day',
          first_completed_on: 'The first day with a completed session',
          last_on: 'The last day',
          sessions: 'How often',
        },
      },
    ],
    stays: numbersStay,
  },
  {
    table: 'active_days',
    people: ['student_id'],
    sections: [
      {
        name: 'activeDays',
        title: 'Days on which you were active',
        of: ['student_id'],
        key: { student_id: 'uuid' },
        tells: { days: ['t.days::text', 'From the first to the day after the last of each run'] },
      },
    ],
    stays: numbersStay,
  },
  {
    table: 'progress_snapshots',
    people: ['student_id', 'instructor_id'],
    sections: [
      {
        name: 'days',
        title: 'You, day by day',
        of: ['student_id'],
        key: { day: 'date' },
        tells: {
          day: 'The day',
          sessions: 'Sessions',
          sessions_completed: 'Completed ones',
          time_spent_seconds: 'Time spent, in seconds',
          questions: 'Questions',
          correct: 'Right answers',
          interactions: 'Clicks or events',
          overall_score: 'Overall score at the end of that day',
          last_session_at: 'The last session of that day',
        },
      },
    ],
    stays: numbersStay,
  },
  {
    table: 'roster_entries',
    people: ['student_id', 'instructor_id'],
    sections: [
      {
        name: 'instructors',
        title: 'Who has been responsible for you',
        of: ['student_id'],
        key: { valid_from: 'timestamptz' },
        tells: {
          valid_from: 'From when',
          valid_to: 'Until when',
          instructor: [
            '(select u.name from users u where u.tenant_id = $1 and u.id = t.instructor_id)',
            'Your instructor then',
          ],
        },
      },
    ],
    stays: 'Ids and days: who was responsible for how many.',
  },
  {
    table: 'student_achievements',
    people: ['student_id'],
    sections: [
      {
        name: 'achievements',
        title: 'What you have achieved',
        of: ['student_id'],
        key: { achievement_id: 'uuid' },
        tells: {
          achievement: [
            '(select a.title from achievements a where a.tenant_id = $1 and a.id = t.achievement_id)',
            'What it is called',
          ],
          unlocked_at: 'When you were told',
          reached_on: 'The day on which you reached it',
        },
      },
    ],
    stays: numbersStay,
  },
];
