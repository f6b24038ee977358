import { validate as isUuid } from 'uuid';
import { findUnsafe } from '../http/body.js';

export const sessionKinds = ['quiz', 'voice', 'lesson', 'story', 'exercise', 'forum'] as const;
export const sessionStatuses = ['completed', 'in_progress', 'abandoned'] as const;

/** One sitting of practice, checked and in its stored form. Instants are ISO 8601 in UTC, scores 0–100. */
export interface Session {
  readonly id: string;
  readonly studentId: string;
  readonly moduleId: string | null;
  readonly moduleCode: string | null;
  /** Null: the module's own kind. */
  readonly kind: string | null;
  readonly status: string;
  readonly score: number | null;
  readonly questions: number | null;
  readonly correct: number | null;
  readonly durationSeconds: number | null;
  readonly interactions: number | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  /** Only where the sender knows no time of day. */
  readonly day: string | null;
  readonly answers: unknown[] | null;
  readonly updatedAt: string;
  /** The interval that counts as time spent: it ends with the session and is no longer than the tenant's limit. */
  readonly busyFrom: string | null;
  readonly busyTo: string | null;
}

export interface ItemError {
  /** RFC 6901, below the item: `/score`. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface SessionLimits {
  /** The one student the sender may write for; null for a service, which names them. */
  readonly ownStudentId: string | null;
  readonly now: Date;
  /** Sessions that ended before this many days ago are refused. */
  readonly retentionDays: number;
  /** An idle session counts no longer than this. */
  readonly capSeconds: number;
}

const fields = new Set([
  'id', 'studentId', 'moduleId', 'moduleCode', 'kind', 'status', 'score', 'questions', 'correct', 'durationSeconds',
  'interactions', 'startedAt', 'completedAt', 'day', 'answers', 'updatedAt',
]); // prettier-ignore
export const maxCount = 1_000_000;
export const maxDurationSeconds = 7 * 86_400;
export const maxAnswers = 500;
/** Told of one item: of a thousand items full of them the answer would be many times what was asked. */
const mostUnknownFields = 10;
const skewMilliseconds = 300_000;
const dayMilliseconds = 86_400_000;
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const dayPattern = /^\d{4}-\d\d-\d\d$/;

/**
 * Checks one item of a batch. Written by hand and not with class-validator, because a batch has 1,000 of them and one
 * at fault must not cost the others.
 */
export function readSession(raw: unknown, limits: SessionLimits): Session | ItemError[] {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return [{ pointer: '', code: 'session_invalid', detail: 'a session is a JSON object' }];
  }
  const input = raw as Record<string, unknown>;
  const errors: ItemError[] = findUnsafe(raw);
  if (errors.length > 0) return errors;
  const fail = (field: string, code: string, detail: string): null => {
    errors.push({ pointer: field && `/${field}`, code, detail });
    return null;
  };
  const given = (field: string): boolean => input[field] !== undefined && input[field] !== null;

  for (const field of Object.keys(input)) {
    if (errors.length >= mostUnknownFields) break;
    if (!fields.has(field))
      fail(field.replace(/~/g, '~0').replace(/\//g, '~1'), 'field_unknown', 'is not a field of a session');
  }

  const uuid = (field: string): string | null => {
    if (!given(field)) return null;
    const value = input[field];
    return typeof value === 'string' && isUuid(value)
      ? value.toLowerCase()
      : fail(field, 'uuid_invalid', 'must be a UUID');
  };
  const number = (field: string, max: number, whole: boolean): number | null => {
    if (!given(field)) return null;
    const value = input[field];
    const valid = typeof value === 'number' && value >= 0 && value <= max && (!whole || Number.isInteger(value));
    return valid
      ? value
      : fail(field, 'number_out_of_range', `must be a ${whole ? 'whole ' : ''}number from 0 to ${max}`);
  };
  const oneOf = (field: string, values: readonly string[]): string | null => {
    if (!given(field)) return null;
    const value = input[field];
    return typeof value === 'string' && values.includes(value)
      ? value
      : fail(field, 'value_unknown', `must be one of ${values.join(', ')}`);
  };
  const instant = (field: string): Date | null => {
    if (!given(field)) return null;
    const value = input[field];
    const date = typeof value === 'string' && instantPattern.test(value) ? new Date(value) : null;
    if (!date || Number.isNaN(date.getTime()) || !isRealDay((value as string).slice(0, 10))) {
      return fail(
        field,
        'instant_invalid',
        'must be an ISO 8601 instant with its offset, such as 2026-03-01T09:30:00Z',
      );
    }
    if (date.getTime() > limits.now.getTime() + skewMilliseconds) {
      return fail(field, 'session_in_future', 'lies more than 5 minutes in the future');
    }
    return date;
  };

  const id = given('id') ? uuid('id') : fail('id', 'field_required', 'is required');
  let studentId = uuid('studentId');
  if (limits.ownStudentId !== null) {
    if (studentId !== null && studentId !== limits.ownStudentId) {
      fail('studentId', 'student_unknown', 'is no student that you may write for');
    }
    studentId = limits.ownStudentId;
  } else if (!given('studentId')) {
    fail('studentId', 'field_required', 'is required');
  }

  const moduleId = uuid('moduleId');
  const moduleCode = given('moduleCode') ? input['moduleCode'] : null;
  if (moduleCode !== null && (typeof moduleCode !== 'string' || moduleCode.length === 0 || moduleCode.length > 100)) {
    fail('moduleCode', 'text_invalid', 'must be 1 to 100 characters');
  }
  if (given('moduleId') === given('moduleCode'))
    fail('moduleId', 'field_required', 'give either moduleId or moduleCode');

  const kind = oneOf('kind', sessionKinds);
  const status = oneOf('status', sessionStatuses) ?? 'completed';
  const score = number('score', 100, false);
  const questions = number('questions', maxCount, true);
  const correct = number('correct', maxCount, true);
  if (given('correct') !== given('questions')) {
    fail(given('correct') ? 'questions' : 'correct', 'field_required', 'questions and correct come together');
  }
  if (correct !== null && questions !== null && correct > questions) {
    fail('correct', 'correct_exceeds_questions', 'is more than the questions asked');
  }
  const durationSeconds = number('durationSeconds', maxDurationSeconds, true);
  const interactions = number('interactions', maxCount, true);

  const startedAt = instant('startedAt');
  const completedAt = instant('completedAt');
  if (startedAt && completedAt && completedAt < startedAt) {
    fail('completedAt', 'session_ends_before_start', 'lies before startedAt');
  }
  const day = given('day') ? readDay(input['day']) : null;
  if (given('day') && !day) fail('day', 'day_invalid', 'must be a day such as 2026-03-01');
  if (given('day') && (given('startedAt') || given('completedAt'))) {
    fail('day', 'day_not_allowed', 'is only for sessions without startedAt and completedAt');
  }
  if (!given('day') && !given('startedAt') && !given('completedAt')) {
    fail('completedAt', 'field_required', 'give completedAt, startedAt or, where the time of day is unknown, day');
  }
  if (status === 'completed' && given('startedAt') && !given('completedAt')) {
    fail('completedAt', 'field_required', 'is required for a completed session');
  }

  const answers = given('answers') ? input['answers'] : null;
  if (answers !== null && !(Array.isArray(answers) && answers.length <= maxAnswers && answers.every(isObject))) {
    fail('answers', 'answers_invalid', `must be a list of at most ${maxAnswers} objects`);
  }
  const updatedAt = instant('updatedAt');

  const end = completedAt ?? (startedAt && new Date(startedAt.getTime() + (durationSeconds ?? 0) * 1000));
  const last = end?.getTime() ?? (day ? Date.parse(`${day}T00:00:00Z`) + dayMilliseconds : null);
  if (last !== null && last < limits.now.getTime() - limits.retentionDays * dayMilliseconds) {
    fail(end ? 'completedAt' : 'day', 'session_too_old', `is more than ${limits.retentionDays} days ago`);
  }
  // a day has begun somewhere on Earth 14 hours before UTC
  if (day && Date.parse(`${day}T00:00:00Z`) > limits.now.getTime() + 14 * 3_600_000) {
    fail('day', 'session_in_future', 'lies in the future');
  }
  if (errors.length > 0) return errors;

  const span = startedAt && completedAt ? (completedAt.getTime() - startedAt.getTime()) / 1000 : null;
  const busySeconds = Math.min(durationSeconds ?? span ?? 0, span ?? limits.capSeconds, limits.capSeconds);
  const hasInterval = end !== null && busySeconds > 0;
  return {
    id: id!,
    studentId: studentId!,
    moduleId,
    moduleCode: moduleCode as string | null,
    kind,
    status,
    score: score === null ? null : Math.round(score * 100) / 100,
    questions,
    correct,
    durationSeconds: durationSeconds ?? (span === null ? null : Math.round(span)),
    interactions,
    startedAt: startedAt?.toISOString() ?? null,
    completedAt: completedAt?.toISOString() ?? null,
    day,
    answers: answers as unknown[] | null,
    updatedAt: (updatedAt ?? completedAt ?? startedAt ?? new Date(`${day}T00:00:00Z`)).toISOString(),
    busyFrom: hasInterval ? new Date(end.getTime() - busySeconds * 1000).toISOString() : null,
    busyTo: hasInterval ? end.toISOString() : null,
  };
}

function readDay(value: unknown): string | null {
  return typeof value === 'string' && dayPattern.test(value) && isRealDay(value) ? value : null;
}

/** JavaScript reads 2026-02-31 as the 3rd of March. */
function isRealDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === day;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
