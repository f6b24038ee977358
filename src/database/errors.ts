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

const unavailableStates = new Set([
  '57014', // statement_timeout or cancel
  '57P01', // admin shutdown
  '57P02', // crash shutdown
  '57P03', // starting up
  '53300', // too many connections
  '53100', // disk full
  '55P03', // lock_timeout
  '25P03', // idle in transaction
  '25006', // read-only: a primary that has become a standby
]);
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
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
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
  return unavailable ? new DatabaseUnavailable('the database does not answer', { cause: error }) : error;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
