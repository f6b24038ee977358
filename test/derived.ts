import type { Database } from '../src/database/database.js';
import { finalSessions, recompute, type SentSession, sum, type Universe } from './recomputed.js';

const nobody = '00000000-0000-0000-0000-000000000000';

type Row = Readonly<Record<string, unknown>>;

/**
 * Compares every number that is derived from sessions with what the definitions say of the sessions that were sent:
 * the rows of active students, and everybody's categories, active days, snapshots and sums by roster.
 * @param closedBefore snapshots before this day are closed; those from it on must be open
 */
export async function expectDerived(
  database: Database,
  tenantId: string,
  universe: Universe,
  sent: readonly SentSession[],
  { today, closedBefore }: { readonly today: string; readonly closedBefore: string },
): Promise<void> {
  const sessions = finalSessions(sent);
  const read = (sql: string): Promise<Row[]> => database.many<Row>(sql, [tenantId]);

  const stored = await read(`-- test.storedSessions
    select s.id, s.student_id as "studentId", s.updated_at as "updatedAt", k.session_id as key,
      k.day = s.day as "sameDay"
    from sessions s full join session_keys k on k.tenant_id = s.tenant_id and k.session_id = s.id
    where coalesce(s.tenant_id, k.tenant_id) = $1 order by s.id`);
  expect(stored.map((row) => ({ ...row, updatedAt: Date.parse(String(row['updatedAt'])) }))).toEqual(
    sessions
      .map(({ id, studentId, updatedAt }) => ({
        id,
        studentId,
        updatedAt: Date.parse(updatedAt),
        key: id,
        sameDay: true,
      }))
      .sort(by('id')),
  );

  const figures = recompute(universe, sessions, today);
  const students = await read(`-- test.derivedProgress
    select p.student_id as "studentId", has_started as "hasStarted", sessions_completed as "sessionsCompleted",
      overall_score as "overallScore", quiz_accuracy as "quizAccuracy", voice_accuracy as "voiceAccuracy",
      improvement_rate as "improvementRate", consistency_score as "consistencyScore",
      current_streak as "currentStreak", longest_streak as "longestStreak",
      total_time_spent_seconds as "totalTimeSpentSeconds", last_active_on as "lastActiveOn",
      last_active_at as "lastActiveAt",
      array(select generate_series(lower(run), upper(run) - 1, '1 day')::date from unnest(d.days) run order by 1)
        as "activeDays"
    from student_progress p join active_days d using (tenant_id, student_id)
    where tenant_id = $1 and is_active order by 1`);
  const expected = figures.map((figure): Row => {
    const row = students.find(({ studentId }) => studentId === figure.studentId) ?? {};
    return {
      studentId: figure.studentId,
      sessionsCompleted: figure.sessionsCompleted,
      currentStreak: figure.currentStreak,
      longestStreak: figure.longestStreak,
      totalTimeSpentSeconds: figure.totalTimeSpentSeconds,
      lastActiveOn: figure.lastActiveOn,
      activeDays: figure.activeDays,
      hasStarted: sessions.some(({ studentId }) => studentId === figure.studentId),
      overallScore: rounded(row['overallScore'], figure.overallScore),
      quizAccuracy: rounded(row['quizAccuracy'], figure.quizAccuracy),
      voiceAccuracy: rounded(row['voiceAccuracy'], figure.voiceAccuracy),
      improvementRate: rounded(row['improvementRate'], figure.improvementRate),
      consistencyScore: rounded(row['consistencyScore'], figure.consistencyScore),
      lastActiveAt: instant(figure.lastActiveAt),
    };
  });
  const seen = students.map((row): Row => ({ ...row, lastActiveAt: instant(row['lastActiveAt']) }));
  expect(seen).toEqual(expected.sort(by('studentId')));

  const categories = await read(`-- test.derivedCategories
    select student_id as "studentId", category_id as "categoryId", sessions_completed as "sessionsCompleted", questions,
      correct, score_sum as "scoreSum", score_count as "scoreCount"
    from category_progress
    where tenant_id = $1 and (sessions_completed, questions, correct, score_sum, score_count) <> (0, 0, 0, 0, 0)
    order by 1, 2`);
  expect(categories).toEqual(
    figures
      .flatMap(({ studentId, categories }) =>
        categories.map(({ scores, ...category }) => ({
          studentId,
          ...category,
          scoreSum: hundredths(scores),
          scoreCount: scores.length,
        })),
      )
      .sort(by('studentId', 'categoryId')),
  );
  await expectSnapshots(read, figures, closedBefore);
  await expectRosters(read, figures, students);
}

type Figures = ReturnType<typeof recompute>;

async function expectSnapshots(
  read: (sql: string) => Promise<Row[]>,
  figures: Figures,
  closedBefore: string,
): Promise<void> {
  const snapshots = await read(`-- test.derivedSnapshots
    select student_id as "studentId", instructor_id as "instructorId", day, sessions,
      sessions_completed as "sessionsCompleted", time_spent_seconds as "timeSpentSeconds", questions, correct,
      interactions, score_sum as "scoreSum", score_count as "scoreCount", quiz_score_sum as "quizScoreSum",
      quiz_score_count as "quizScoreCount", voice_score_sum as "voiceScoreSum", voice_score_count as "voiceScoreCount",
      last_session_at as "lastSessionAt", is_closed as "isClosed", overall_score as "overallScore",
      improvement_delta as "improvementDelta", peak_hour as "peakHour", mean_session_seconds as "meanSessionSeconds"
    from progress_snapshots where tenant_id = $1 order by 1, 3`);
  const expected = figures.flatMap(({ days }) => {
    let before: number | null = null;
    return days.map(({ scores, quizScores, voiceScores, lastSessionAt, ...day }): Row => {
      const row = snapshots.find(({ studentId, day: on }) => studentId === day.studentId && on === day.day) ?? {};
      const isClosed = day.day < closedBefore;
      const overallScore = isClosed ? rounded(row['overallScore'], day.overallScore) : null;
      const improvementDelta = overallScore === null || before === null ? null : hundredths([overallScore, -before]);
      before = overallScore;
      return {
        ...day,
        scoreSum: hundredths(scores),
        scoreCount: scores.length,
        quizScoreSum: hundredths(quizScores),
        quizScoreCount: quizScores.length,
        voiceScoreSum: hundredths(voiceScores),
        voiceScoreCount: voiceScores.length,
        lastSessionAt: instant(lastSessionAt),
        isClosed,
        overallScore,
        improvementDelta,
        peakHour: isClosed ? day.peakHour : null,
        meanSessionSeconds: isClosed && day.meanSessionSeconds !== null ? Math.round(day.meanSessionSeconds) : null,
      };
    });
  });
  const seen = snapshots.map((row): Row => ({ ...row, lastSessionAt: instant(row['lastSessionAt']) }));
  expect(seen).toEqual(expected.sort(by('studentId', 'day')));
}

async function expectRosters(
  read: (sql: string) => Promise<Row[]>,
  figures: Figures,
  students: readonly Row[],
): Promise<void> {
  const days = figures.flatMap((figure) => figure.days);
  const rosterDays = await read(`-- test.derivedRosterDays
    select instructor_id as "instructorId", day, active_students as "activeStudents",
      students_scored as "studentsScored", sessions,
      sessions_completed as "sessionsCompleted", time_spent_seconds as "timeSpentSeconds", questions, correct,
      score_sum as "scoreSum", score_count as "scoreCount"
    from roster_days where tenant_id = $1 and (active_students, sessions, time_spent_seconds) <> (0, 0, 0)
    order by 1, 2`);
  expect(rosterDays).toEqual(
    grouped(days, ({ instructorId, day }) => [instructorId ?? nobody, day])
      .map(([[instructorId, day], those]) => ({
        instructorId,
        day,
        activeStudents: those.filter(({ sessionsCompleted }) => sessionsCompleted > 0).length,
        studentsScored: those.filter(({ scores }) => scores.length > 0).length,
        sessions: sum(those.map(({ sessions }) => sessions)),
        sessionsCompleted: sum(those.map(({ sessionsCompleted }) => sessionsCompleted)),
        timeSpentSeconds: sum(those.map(({ timeSpentSeconds }) => timeSpentSeconds)),
        questions: sum(those.map(({ questions }) => questions)),
        correct: sum(those.map(({ correct }) => correct)),
        scoreSum: hundredths(those.flatMap(({ scores }) => scores)),
        scoreCount: those.flatMap(({ scores }) => scores).length,
      }))
      .sort(by('instructorId', 'day')),
  );

  const counts = await read(`-- test.derivedRosterCounts
    select instructor_id as "instructorId", last_active_on::text as "lastActiveOn", students, started,
      top_performers as "topPerformers", score_sum as "scoreSum", score_count as "scoreCount"
    from roster_counts where tenant_id = $1 and students <> 0 order by 1, 2`);
  const rows = await read(`-- test.rosters
    select student_id as "studentId", instructor_id as "instructorId" from student_progress
    where tenant_id = $1 and is_active`);
  const list = rows.map(({ studentId, instructorId }) => {
    // compared before: only the sums are in question here
    const row = students.find((student) => student['studentId'] === studentId)!;
    const { hasStarted, lastActiveOn, overallScore } = row;
    return { instructorId, hasStarted, lastActiveOn, overallScore: overallScore as number | null };
  });
  expect(counts).toEqual(
    grouped(list, (one) => [String(one.instructorId ?? nobody), String(one.lastActiveOn ?? '-infinity')])
      .map(([[instructorId, lastActiveOn], those]) => {
        const scores = those.flatMap(({ overallScore }) => overallScore ?? []);
        return {
          instructorId,
          lastActiveOn,
          students: those.length,
          started: those.filter(({ hasStarted }) => hasStarted).length,
          topPerformers: scores.filter((score) => score >= 85).length,
          scoreSum: hundredths(scores),
          scoreCount: scores.length,
        };
      })
      .sort(by('instructorId', 'lastActiveOn')),
  );
}

/** The stored number where it is the exact one rounded to hundredths; else the exact one, to be complained about. */
function rounded(stored: unknown, exact: number | null): number | null {
  const fits = typeof stored === 'number' && exact !== null && Math.abs(stored - exact) < 0.005 + 1e-9;
  return fits ? stored : exact;
}

function hundredths(values: readonly number[]): number {
  return sum(values.map((value) => Math.round(value * 100))) / 100;
}

function instant(text: unknown): number | null {
  return text === null ? null : Date.parse(String(text));
}

function grouped<T>(list: readonly T[], keysOf: (one: T) => string[]): [string[], T[]][] {
  const groups = new Map<string, [string[], T[]]>();
  for (const one of list) {
    const keys = keysOf(one);
    const group = groups.get(keys.join()) ?? [keys, []];
    group[1].push(one);
    groups.set(keys.join(), group);
  }
  return [...groups.values()];
}

function by(...keys: string[]): (a: object, b: object) => number {
  const keyOf = (row: object): string => keys.map((key) => String((row as Row)[key])).join(' ');
  return (a, b) => (keyOf(a) < keyOf(b) ? -1 : 1);
}

/** Every row of every table that ingestion writes, with the transaction that wrote it last. */
export async function stateOf(database: Database, tenantId: string): Promise<Row> {
  const tables = [
    'sessions', 'session_keys', 'student_progress', 'category_progress', 'active_days', 'progress_snapshots',
    'roster_days', 'roster_counts', 'outbox', 'audit_entries',
  ]; // prettier-ignore
  const state: Record<string, unknown> = {};
  for (const table of tables) {
    state[table] = await database.many(
      `-- test.state
      select xmin::text, t::text as row from ${table} t where tenant_id = $1 order by 2`,
      [tenantId],
    );
  }
  return state;
}
