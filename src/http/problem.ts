import { HttpException } from '@nestjs/common';
import { ConstraintViolation, DatabaseUnavailable } from '../database/errors.js';

/**
 * One thing that is wrong with a request. `pointer` is an RFC 6901 pointer into the body; what does not come from the
 * body is found under `/query/<name>`, `/path/<name>` and `/headers/<name>`.
 */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** Nobody reads more of them, and the answer must not grow with what was wrong. */
export const mostErrors = 100;

interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'Authentication is required',
  403: 'Not permitted',
  404: 'Not found',
  406: 'Not acceptable',
  408: 'The request took too long to arrive',
  409: 'Conflict with the current state',
  410: 'No longer there',
  412: 'Precondition failed',
  413: 'The body is too large',
  414: 'The URL is too long',
  415: 'Unsupported content type',
  422: 'The request cannot be processed',
  428: 'A condition is required',
  429: 'Too many requests',
  431: 'The headers are too large',
  500: 'Internal error',
  503: 'Temporarily unavailable',
};

/** Refusals that Nest and Fastify make by themselves: code and detail. Their own words could tell about our inside. */
const refusals: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['request_invalid', 'The request cannot be understood.'],
  401: ['authentication_required', 'Sign in, and send the access token as a bearer token.'],
  403: ['permission_denied', 'This viewer may not do that.'],
  404: ['route_not_found', 'There is nothing at this path for this method.'],
  406: ['answer_not_acceptable', 'Answers are JSON; the Accept header rules that out.'],
  408: ['request_incomplete', 'The request did not arrive in time.'],
  409: ['state_conflicting', 'The current state does not allow this.'],
  413: ['body_too_large', 'The body is larger than this server accepts.'],
  414: ['url_too_long', 'A part of the path is too long.'],
  415: ['content_type_unsupported', 'Bodies must be application/json.'],
  429: ['rate_exceeded', 'Too many requests; wait a little.'],
  431: ['headers_too_large', 'The headers are larger than this server accepts.'],
};

/** An answer that is not a success: thrown anywhere, sent as RFC 9457 `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;

  /** @param code stable and machine-readable, `noun_state`; the problem's `type` is made of it */
  constructor(
    readonly status: number,
    readonly code: string,
    options: ProblemOptions = {},
  ) {
    super(options.detail ?? code, { cause: options.cause });
    this.title = titles[status] ?? 'Error';
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers;
  }

  /** What does not exist, or is not this viewer's to see. @param noun singular, as in `student` */
  static notFound(noun: string): Problem {
    return new Problem(404, `${noun}_not_found`, { detail: `There is no such ${noun.replaceAll('_', ' ')}.` });
  }

  static invalid(errors: readonly FieldError[]): Problem {
    return new Problem(400, 'request_invalid', {
      detail: 'Parts of the request are not valid.',
      errors: errors.slice(0, mostErrors),
    });
  }

  static conflict(code: string, detail: string, pointer?: string): Problem {
    return new Problem(409, code, { detail, errors: pointer === undefined ? undefined : [{ pointer, code, detail }] });
  }

  /** Well formed, and what stands at `pointer` of the body cannot be so. */
  static unprocessable(code: string, detail: string, pointer: string): Problem {
    return new Problem(422, code, { detail, errors: [{ pointer, code, detail }] });
  }

  /** The row has moved on since the client read it. */
  static versionMismatch(): Problem {
    const detail = 'This has been changed since it was read. Read it again and repeat the change.';
    return new Problem(412, 'version_mismatch', { detail });
  }

  static unavailable(code = 'service_unavailable', cause?: unknown): Problem {
    const detail = 'The server cannot answer right now. The same request may succeed a little later.';
    return new Problem(503, code, { detail, headers: { 'retry-after': '1' }, cause });
  }

  /** The refusal every server knows by its number, or null for a number that is none. */
  static ofStatus(status: number, cause?: unknown): Problem | null {
    const refusal = refusals[status];
    return refusal ? new Problem(status, refusal[0], { detail: refusal[1], cause }) : null;
  }

  /** The body of the answer. */
  toDocument(requestId: string): object {
    const { code, title, status, detail, errors } = this;
    return { type: `urn:problem:${code}`, code, title, status, detail, requestId, errors };
  }
}

interface ConstraintMeaning {
  readonly status: 400 | 404 | 409 | 422;
  readonly code: string;
  readonly detail: string;
  /** Where in the body the culprit stands. */
  readonly pointer?: string;
}

const constraints = new Map<string, ConstraintMeaning>();

/**
 * Says what it means to a client when `constraint` refuses a statement. Called once per constraint, by its feature.
 * @throws Error when two features claim the same one
 */
export function declareConstraint(constraint: string, meaning: ConstraintMeaning): void {
  if (constraints.has(constraint)) throw new Error(`the meaning of ${constraint} is declared twice`);
  constraints.set(constraint, meaning);
}

/** The problem to answer with, or null when the error is a bug and nothing of it may be told. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return Problem.unavailable('database_unavailable', error);
  if (error instanceof ConstraintViolation) return ofConstraint(error);
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  return status === 503 ? Problem.unavailable('service_unavailable', error) : Problem.ofStatus(status, error);
}

function ofConstraint(violation: ConstraintViolation): Problem | null {
  const meaning = constraints.get(violation.constraint);
  if (!meaning) return null;
  const { status, code, detail, pointer } = meaning;
  const errors = pointer === undefined ? undefined : [{ pointer, code, detail }];
  return new Problem(status, code, { detail, errors, cause: violation });
}

/** Fastify's own errors carry their status; anybody else's `statusCode` is not to be trusted. */
function statusOf(error: unknown): number {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' ? statusCode : 500;
}

/** RFC 6901: one step of a pointer. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
