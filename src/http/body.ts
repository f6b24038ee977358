import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type FieldError, mostErrors, pointerStep, Problem } from './problem.js';

/** Deeper than any document of this API; recursion over a hostile body ends here and not at the end of the stack. */
const maxDepth = 32;
/** Bytes of a form, and so of each of its fields. */
export const longestForm = 8_192;
/** Cheap test on the whole text: an escape of a control character or surrogate, or of a letter that need not be one. */
const suspicious = /\\u(?:00|[dD][89a-fA-F])|__proto__|"constructor"/;
const unstorable = /\0|\p{Surrogate}/u;

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Set with `@RouteConfig` on routes whose body, by somebody else's standard, is a form: `URLSearchParams`. With
     * `multipart` also one of that kind, of which files are left out.
     */
    takesForm?: true | 'multipart';
  }
}

/** JSON, and forms or CSV on routes that say so; everything else is a 415. */
export function registerBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: longestForm },
    (request, body: string, done) => {
      if (request.routeOptions.config.takesForm) done(null, new URLSearchParams(body));
      else done(Problem.ofStatus(415)!);
    },
  );
  fastify.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer', bodyLimit: longestForm },
    async (request: FastifyRequest, body: Buffer) => {
      if (request.routeOptions.config.takesForm !== 'multipart') throw Problem.ofStatus(415)!;
      return readMultipart(body, request.headers['content-type']!);
    },
  );
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      done(null, parseJson(request, body));
    } catch (error) {
      done(error as Error);
    }
  });
  // handed on unread: the route reads it once the guards have let it in, and counts what it reads
  fastify.addContentTypeParser('text/csv', (request, stream, done) => {
    const { csvLimitBytes } = request.routeOptions.config;
    if (csvLimitBytes === undefined) done(Problem.ofStatus(415)!);
    else if (Number(request.headers['content-length']) > csvLimitBytes) done(Problem.ofStatus(413)!);
    else done(null, stream);
  });
}

/** @throws Problem 400 for what is not JSON, and for text that PostgreSQL cannot store */
function parseJson(request: FastifyRequest, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (request.headers['idempotency-key'] !== undefined) {
    request.bodyHash = createHash('sha256').update(body).digest('base64url');
  }
  if (!isUtf8(body)) throw malformed('The body is not UTF-8.');
  const text = body.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('The body is not JSON.', cause);
  }
  if (deeperThan(value, maxDepth)) throw malformed(`The body is nested deeper than ${maxDepth} levels.`);
  if (!request.routeOptions.config.checksText && suspicious.test(text)) {
    const errors = findUnsafe(value);
    if (errors.length > 0) throw Problem.invalid(errors);
  }
  return value;
}

async function readMultipart(body: Buffer, type: string): Promise<URLSearchParams> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    return new URLSearchParams([...form].filter((field): field is [string, string] => typeof field[1] === 'string'));
  } catch (cause) {
    throw malformed('The body is no form.', cause);
  }
}

function malformed(detail: string, cause?: unknown): Problem {
  return new Problem(400, 'body_malformed', { detail, cause });
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => deeperThan(item, levels - 1));
  for (const key in value) if (deeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/** Whether PostgreSQL can store the text: no NUL, and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !unstorable.test(text);
}

/** What in a JSON value must not reach PostgreSQL, each with its pointer below the value. */
export function findUnsafe(value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  collectUnsafe(value, '', errors);
  return errors;
}

function collectUnsafe(value: unknown, pointer: string, errors: FieldError[]): void {
  if (errors.length >= mostErrors) return;
  if (typeof value === 'string') {
    if (!isStorable(value)) errors.push(unsafeText(pointer));
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collectUnsafe(item, pointer + pointerStep(index), errors));
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      const here = pointer + pointerStep(key);
      if (key === '__proto__' || key === 'constructor' || !isStorable(key)) {
        errors.push({ pointer: here, code: 'field_forbidden', detail: 'No field may have this name.' });
      } else {
        collectUnsafe((value as Record<string, unknown>)[key], here, errors);
      }
    }
  }
}

export function unsafeText(pointer: string): FieldError {
  return { pointer, code: 'text_unstorable', detail: 'Contains a NUL or half of a surrogate pair.' };
}
