import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

interface IfMatchOptions {
  /** For what several people write at once: without a version it is a 428, and `*` is none. */
  readonly required?: boolean;
}

const read = createParamDecorator(
  ({ required = false }: IfMatchOptions, context: ExecutionContext): number | undefined => {
    const version = versionOf(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']);
    if (version !== undefined || !required) return version;
    throw new Problem(428, 'version_required', { detail: 'Say in If-Match which version has been read.' });
  },
);

/**
 * The row version that `If-Match` demands, or undefined where nothing is demanded. Takes the row's `version` (`"3"`)
 * and the ETag its GET answered with (`"3-…"`). Compare it in the statement and throw `Problem.versionMismatch()`.
 */
export function IfMatch(options: IfMatchOptions = {}): ParameterDecorator {
  return (target, key, index) => {
    read(options)(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || !descriptor) return;
    const description = 'The `version` that was read, in quotes, or the ETag of the GET; else 412';
    ApiHeader({
      name: 'If-Match',
      required: options.required ?? false,
      description,
      schema: { type: 'string', maxLength: 120, example: '"3"' },
    })(target, key, descriptor);
  };
}

/** @throws Problem 400 for a tag that no answer of ours had */
export function versionOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const version = /^"(\d{1,9})(-[\w-]{1,100})?"$/.exec(header.trim())?.[1];
  if (version !== undefined) return Number(version);
  const detail = 'must be one strong tag that begins with a version, as in "3"';
  throw new Problem(400, 'precondition_invalid', {
    detail: 'The If-Match header cannot be understood.',
    errors: [{ pointer: '/headers/if-match', code: 'value_invalid', detail }],
  });
}
