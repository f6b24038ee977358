/**
 * What sessions add up to per day, worked out once more from the definitions alone, one session after the other: in no
 * respect like the statements it is compared with.
 */
export interface RawSession {
  readonly id: string;
  readonly student_id: string;
  readonly day: string;
  readonly module_id: string;
  readonly status: 'completed' | 'in_progress' | 'abandoned';
  readonly score: number | null;
  readonly questions: number | null;
  readonly correct: number | null;
  readonly duration_seconds: number | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly answers: readonly Readonly<Record<string, unknown>>[] | null;
}

/** Whose day it was. */
export interface RawPlace {
  readonly student_id: string;
  readonly day: string;
  readonly instructor_id: string | null;
  readonly department_id: string;
}

export interface AddedUp {
  readonly modules: readonly object[];
  readonly hours: readonly object[];
  readonly questions: readonly object[];
  readonly studentModules: readonly object[];
}

const nobody = '00000000-0000-0000-0000-000000000000';

export function addUp(
  sessions: readonly RawSession[],
  places: readonly RawPlace[],
  { passMark, timeZone }: { readonly passMark: number; readonly timeZone: string },
): AddedUp {
  const placeOf = new Map(places.map((place) => [`${place.student_id} ${place.day}`, place]));
  const cellOf = ({ student_id, day }: RawSession): object => {
    const { instructor_id, department_id } = placeOf.get(`${student_id} ${day}`)!;
    return { instructor_id: instructor_id ?? nobody, department_id, day };
  };
  const earliest = (list: readonly RawSession[]): string | null => list.map(({ day }) => day).sort()[0] ?? null;
  const isCompleted = ({ status }: RawSession): boolean => status === 'completed';
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const known = (numbers: readonly (number | null)[]): number[] => numbers.filter((number) => number !== null);
  const people = (list: readonly RawSession[]): Set<string> => new Set(list.map(({ student_id }) => student_id));

  // all of them are kept
  const nothingPast = { past_sessions: 0, past_first_on: null, past_first_completed_on: null, past_last_on: null };

  const ofStudent = groups(sessions, ({ student_id, module_id }) => ({ student_id, module_id }));
  const studentModules = ofStudent.map(([key, list]) => ({
    ...key,
    first_on: earliest(list),
    first_completed_on: earliest(list.filter(isCompleted)),
    last_on: list.map(({ day }) => day).sort().at(-1),
    sessions: list.length,
    ...nothingPast,
  })); // prettier-ignore
  const historyOf = new Map(studentModules.map((row) => [`${row.student_id} ${row.module_id}`, row]));
  const history = ({ student_id, module_id }: RawSession) => historyOf.get(`${student_id} ${module_id}`)!;

  const modules = groups(sessions, (session) => ({ ...cellOf(session), module_id: session.module_id })).map(
    ([key, list]) => {
      const completed = list.filter(isCompleted);
      const abandoned = list.filter(({ status }) => status === 'abandoned');
      const scores = known(completed.map(({ score }) => score));
      const lengths = known(completed.map(({ duration_seconds }) => duration_seconds));
      const lostLengths = known(abandoned.map(({ duration_seconds }) => duration_seconds));
      const started = people(list.filter((session) => history(session).first_on === session.day)).size;
      const told = abandoned.filter(({ questions, answers }) => (questions ?? 0) > 0 && answers !== null);
      const answered = Array<number>(told.length > 0 ? 10 : 0).fill(0);
      for (const { questions, answers } of told) {
        answered[Math.min(9, Math.floor((answers!.length / questions!) * 10))]! += 1;
      }
      return {
        ...key,
        students: people(list).size,
        students_scored: people(completed.filter(({ score }) => score !== null)).size,
        sessions: list.length,
        sessions_completed: completed.length,
        sessions_abandoned: abandoned.length,
        sessions_bounced: lostLengths.filter((seconds) => seconds < 60).length,
        sessions_passed: scores.filter((score) => score >= passMark).length,
        sessions_repeated: list.length - started,
        students_started: started,
        students_completed: people(list.filter((session) => history(session).first_completed_on === session.day)).size,
        score_sum: round(sum(scores)),
        score_count: scores.length,
        score_square_sum: round(sum(scores.map((score) => score * score))),
        questions: sum(known(completed.map(({ questions }) => questions))),
        correct: sum(known(completed.map(({ correct }) => correct))),
        duration_sum: sum(lengths),
        duration_count: lengths.length,
        abandoned_duration_sum: sum(lostLengths),
        abandoned_duration_count: lostLengths.length,
        abandoned_answered: answered,
      };
    },
  );

  const timed = sessions.flatMap((session) => {
    const { started_at, completed_at, duration_seconds, day } = session;
    const end = completed_at === null ? null : Date.parse(completed_at);
    const began = started_at === null ? end && end - (duration_seconds ?? 0) * 1000 : Date.parse(started_at);
    if (began === null) return [];
    const [date, hour] = local(timeZone, new Date(began));
    return [{ session, hour: date < day ? 0 : hour }];
  });
  const hours = groups(timed, ({ session, hour }) => ({ ...cellOf(session), hour })).map(([key, list]) => ({
    ...key,
    students: people(list.map(({ session }) => session)).size,
    sessions: list.length,
    sessions_completed: list.filter(({ session }) => isCompleted(session)).length,
  }));

  const answers = sessions
    .filter(({ status }) => status !== 'in_progress')
    .flatMap((session) => (session.answers ?? []).map((answer) => ({ session, answer })))
    .filter(({ answer: { questionId } }) => typeof questionId === 'string' && /^.{1,100}$/s.test(questionId));
  const questions = groups(answers, ({ session, answer }) => ({
    ...cellOf(session),
    module_id: session.module_id,
    question_id: answer['questionId'] as string,
  })).map(([key, list]) => {
    const verdicts = list
      .map(({ answer: { correct, score } }) =>
        typeof correct === 'boolean' ? correct : typeof score === 'number' ? score >= passMark : null,
      )
      .filter((verdict) => verdict !== null);
    const seconds = list
      .map(({ answer: { durationSeconds } }) => durationSeconds)
      .filter((number) => typeof number === 'number')
      .filter((number) => number >= 0 && number <= 604_800);
    return {
      ...key,
      students: people(list.map(({ session }) => session)).size,
      answers: list.length,
      correct: verdicts.filter((verdict) => verdict).length,
      judged: verdicts.length,
      seconds_sum: sum(seconds),
      seconds_count: seconds.length,
    };
  });
  return { modules, hours, questions, studentModules };
}

/** Hundredths of hundredths: as exact as squares of scores are. */
function round(number: number): number {
  return Math.round(number * 10_000) / 10_000;
}

function groups<T, K extends object>(list: readonly T[], keyOf: (item: T) => K): [K, T[]][] {
  const found = new Map<string, [K, T[]]>();
  for (const item of list) {
    const key = keyOf(item);
    const text = JSON.stringify(key);
    const group = found.get(text);
    if (group) group[1].push(item);
    else found.set(text, [key, [item]]);
  }
  return [...found.values()];
}

function local(timeZone: string, instant: Date): [day: string, hour: number] {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(instant);
  const part = (type: string): string => parts.find((one) => one.type === type)!.value;
  return [`${part('year')}-${part('month')}-${part('day')}`, Number(part('hour'))];
}
