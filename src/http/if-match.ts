import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

const read = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined =>
  versionOf(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

/**
 * The row version that `If-Match` demands, or undefined where nothing is demanded. Takes the row's `version` (`"3"`)
 * and the ETag its GET answered with (`"3-…"`). Compare it in the statement and throw `Problem.versionMismatch()`.
 */
export function IfMatch(): ParameterDecorator {
  return (target, key, index) => {
    read()(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || !descriptor) return;
    const description = 'The `version` that was read, in quotes, or the ETag of the GET; else 412';
    ApiHeader({
      name: 'If-Match',
      required: false,
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
