/** The database cannot answer now; the same request may succeed later. Shown as 503 with Retry-After. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** A constraint refused the statement; `http` gives it the meaning its feature declared. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation';
  constructor(
    readonly constraint: string,
    cause: unknown,
  ) {
    super(`constraint ${constraint} was violated`, { cause });
  }
}

const retryableStates = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
]);
/** The server refused and goes on with the connection. */
const refusedStates = new Set([
  ...retryableStates,
  '57014', // statement_timeout or cancel
  '55P03', // lock_timeout
  '53100', // disk full
  '25006', // read-only: a primary that has become a standby
  '55000', // a materialised view that has not been filled, as after a restore that was cut off
]);
const unavailableStates = new Set([
  ...refusedStates,
  '57P01', // admin shutdown
  '57P02', // crash shutdown
  '57P03', // starting up
  '53300', // too many connections
  '25P03', // idle in transaction
]);
/** The plans that this connection prepared no longer fit the tables, or are gone; a new connection prepares anew. */
const outdatedStates = new Set(['0A000', '26000']);
const unavailableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// pg reports these without a code
const unavailableMessages =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|connection error and is not queryable|timeout expired|pool after calling end/;

/** Statements that PostgreSQL asks to run again: serialization failure and deadlock. */
export function isRetryable(error: unknown): boolean {
  return retryableStates.has(codeOf(error) ?? '');
}

/** Whether the connection that raised this can go on; one that did not answer in time is not asked again. */
export function isConnectionUsable(error: unknown): boolean {
  const reason = error instanceof DatabaseUnavailable ? error.cause : error;
  const code = codeOf(reason) ?? '';
  return refusedStates.has(code) || !(outdatedStates.has(code) || translate(reason) instanceof DatabaseUnavailable);
}

/** Turns what pg throws into what callers can act on; anything else stays as it is, and is a bug. */
export function translate(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || error instanceof ConstraintViolation) return error;
  const code = codeOf(error);
  const constraint = (error as { constraint?: unknown } | null)?.constraint;
  if (code?.startsWith('23') && typeof constraint === 'string') return new ConstraintViolation(constraint, error);
  const unavailable =
    code !== undefined
      ? unavailableStates.has(code) || unavailableCodes.has(code) || code.startsWith('08')
      : error instanceof Error && unavailableMessages.test(error.message);
  return unavailable ? new DatabaseUnavailable('the database cannot answer now', { cause: error }) : error;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * An insert that is idempotent by its id, once more when another key refused it: of two equal ones at the same time,
 * the second may meet the first at that key before it meets it at the id, and what it refers to may be deleted
 * between being found and being referred to.
 */
export async function insertTwice<T>(insert: () => Promise<T>): Promise<T> {
  try {
    return await insert();
  } catch (error) {
    if (error instanceof ConstraintViolation) return insert();
    throw error;
  }
}
