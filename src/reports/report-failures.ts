import { DatabaseUnavailable } from '../database/errors.js';
import { Problem } from '../http/problem.js';

/** Why there is no report, for whoever asked: nothing of the inside. */
export function reasonOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (!(error instanceof DatabaseUnavailable)) return 'A fault of ours, which is on record.';
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return code === '53100' ? 'There is no room left to store it.' : 'The database could not answer.';
}
