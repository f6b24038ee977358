import { applyDecorators, HttpCode, SetMetadata, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiOperation, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Public } from './public.js';

export const PERMISSION = 'http:permission';

export interface OperationOptions {
  readonly summary: string;
  readonly description?: string;
  /** `noun:verb`; the guard of `auth` demands it. Leave it out where every signed-in viewer may, or with `public`. */
  readonly permission?: string;
  readonly public?: boolean;
  /** 200 unless told. */
  readonly status?: 200 | 201 | 202 | 204;
  /** What is answered: one, or `list` of them in an array, or `page` of them under `data` with `pagination`. */
  readonly answer?: Type;
  readonly shape?: 'one' | 'list' | 'page';
  readonly example?: unknown;
  /** Classes that the schema of the answer names in words. */
  readonly models?: readonly Type[];
  /** What is answered as a file, by content type, each with an example or null. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** What a stream of Server-Sent Events tells: by the event's name what its `data` holds. */
  readonly events?: Readonly<Record<string, Type>>;
  /** Refusals of its own; 400, 401, 403, 429, 500, 503 and what Idempotency-Key brings are added to all. */
  readonly errors?: readonly (404 | 409 | 410 | 412 | 413 | 415 | 422 | 428)[];
}

/** Everything a route says about itself; each route has one. */
export function Operation(options: OperationOptions): MethodDecorator {
  const {
    summary,
    permission,
    status = 200,
    answer,
    shape = 'one',
    example,
    models = [],
    files,
    events,
    errors = [],
  } = options;
  const needs = permission
    ? `Permission: \`${permission}\`.`
    : `For ${options.public ? 'everybody, without credentials' : 'every signed-in viewer'}.`;
  const description = [options.description, needs].filter(Boolean).join('\n\n');
  return applyDecorators(
    HttpCode(status),
    ApiOperation({ summary, description }),
    ApiExtension('x-errors', errors),
    ApiExtension('x-permission', permission ?? null),
    ...(permission ? [SetMetadata(PERMISSION, permission)] : []),
    ...(options.public ? [Public()] : []),
    ...(answer ? [ApiExtraModels(answer, ...models)] : []),
    ...(events ? [ApiExtraModels(...Object.values(events))] : []),
    ApiResponse({
      status,
      description: 'Success',
      ...(answer || (example !== undefined && !events)
        ? { content: { 'application/json': { schema: schemaOf(answer, shape), example } } }
        : {}),
      ...(files ? { content: contentOf(files) } : {}),
      ...(events ? { content: { 'text/event-stream': streamOf(events, example) } } : {}),
    }),
  );
}

function contentOf(files: Readonly<Record<string, string | null>>): Record<string, object> {
  const schema = { type: 'string', format: 'binary', maxLength: 2_147_483_647 };
  return Object.fromEntries(
    Object.entries(files).map(([type, example]) => [type, example === null ? { schema } : { schema, example }]),
  );
}

/** OpenAPI 3.1 has no words for what a stream is made of. */
function streamOf(events: Readonly<Record<string, Type>>, example: unknown): object {
  const told = Object.entries(events).map(([name, type]) => [name, { $ref: getSchemaPath(type) }]);
  return {
    schema: { type: 'string', description: 'Does not end by itself', maxLength: 2_147_483_647 },
    example,
    'x-events': Object.fromEntries(told) as object,
  };
}

function schemaOf(answer: Type | undefined, shape: 'one' | 'list' | 'page'): Record<string, unknown> {
  if (!answer) return { type: 'object' };
  const one = { $ref: getSchemaPath(answer) };
  if (shape === 'one') return one;
  const list = { type: 'array', items: one };
  if (shape === 'list') return list;
  const pagination = { $ref: '#/components/schemas/Pagination' };
  return {
    type: 'object',
    required: ['data', 'pagination'],
    properties: { data: { ...list, maxItems: 100 }, pagination },
  };
}
