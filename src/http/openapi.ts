import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { boundAnswers } from './openapi-bounds.js';

type Operation = OpenAPIObject['paths'][string]['get'] & object;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

const fieldError = {
  type: 'object',
  required: ['pointer', 'code', 'detail'],
  properties: {
    pointer: {
      type: 'string',
      description: 'RFC 6901 pointer into the body, or `/query/<name>`, `/path/<name>`, `/headers/<name>`',
      example: '/items/0/score',
    },
    code: { type: 'string', example: 'value_invalid' },
    detail: { type: 'string', example: 'must be a number from 0 to 100' },
  },
};

const schemas: Record<string, unknown> = {
  FieldError: fieldError,
  Problem: {
    type: 'object',
    description: 'RFC 9457. `code` is stable and for machines; `title` and `detail` are for people and may change.',
    required: ['type', 'code', 'title', 'status', 'requestId'],
    properties: {
      type: { type: 'string', format: 'uri', example: 'urn:problem:request_invalid' },
      code: { type: 'string', example: 'request_invalid' },
      title: { type: 'string', example: 'The request is not valid' },
      status: { type: 'integer', example: 400 },
      detail: { type: 'string' },
      requestId: { type: 'string', description: 'As in the `X-Request-Id` header and in our logs' },
      errors: { type: 'array', items: { $ref: '#/components/schemas/FieldError' } },
    },
  },
  Pagination: {
    type: 'object',
    required: ['limit', 'hasNext'],
    properties: {
      limit: { type: 'integer', example: 20 },
      page: { type: 'integer', description: 'Not with a cursor', example: 1 },
      total: { type: 'integer', example: 57 },
      totalIsEstimate: { type: 'boolean' },
      totalPages: { type: 'integer', example: 3 },
      hasNext: { type: 'boolean' },
      hasPrevious: { type: 'boolean', description: 'Not with a cursor' },
      nextCursor: { type: 'string', description: 'Where there is a next page' },
    },
  },
};

const refusals: Readonly<Record<number, string>> = {
  400: 'The request is not valid; `errors` says where',
  401: 'No valid credentials',
  403: 'The viewer may not do this',
  404: 'Does not exist, or is not the viewer’s to see',
  409: 'In conflict with the current state, or the first request with this Idempotency-Key is still running',
  410: 'Was there, and is no longer kept',
  412: '`If-Match` names another version than the current one',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'Understood but refused, or the Idempotency-Key belongs to another request',
  428: '`If-Match` is missing',
  429: 'Too many requests; `Retry-After` says when to come back',
  500: 'A bug of ours; the requestId finds it',
  503: 'Temporarily unavailable; `Retry-After` says when to come back',
};

const headers: Readonly<Record<string, { description: string; example: unknown; schema: object }>> = {
  'RateLimit-Policy': {
    description: 'The limit that this request counts in: its name, `q` requests in `w` seconds',
    example: '"user";q=1200;w=60',
    schema: { type: 'string', maxLength: 100 },
  },
  RateLimit: {
    description: 'What is left of it: `r` requests for `t` seconds (draft-ietf-httpapi-ratelimit-headers)',
    example: '"user";r=1187;t=42',
    schema: { type: 'string', maxLength: 100 },
  },
  'Access-Control-Allow-Origin': {
    description: "The browser's origin, where this installation allows it; never `*`",
    example: 'https://dashboards.example.org',
    schema: { type: 'string', maxLength: 255 },
  },
  'Retry-After': {
    description: 'Seconds until it is worth asking again',
    example: 42,
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 3_600 },
  },
};
const headersOfAll = refer('RateLimit-Policy', 'RateLimit', 'Access-Control-Allow-Origin');

function refer(...names: string[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Same key and body: same answer, for 24 hours. One key per intent, a UUID for example',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~ ]+$' },
};

/** The document of all routes of the application; needs no database and no listening. */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Instructor dashboards')
    .setDescription('Activity in; dashboards, progress and analytics out.')
    .setVersion('1')
    .addServer('/')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'Access tokens are verified as RFC8725 says: algorithm, issuer, audience and lifetime are pinned.',
      },
      'bearer',
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'Of a service' }, 'apiKey')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('apiKey')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => {
      const name = controller.replace(/Controller$/, '');
      return name.charAt(0).toLowerCase() + name.slice(1) + method.charAt(0).toUpperCase() + method.slice(1);
    },
  });
  for (const server of document.servers ?? []) Object.assign(server, { 'x-internal': false });
  document.components = {
    ...document.components,
    headers: headers as never,
    schemas: sorted({ ...document.components?.schemas, ...(schemas as Schemas) }),
    responses: Object.fromEntries(
      Object.keys(refusals).map((status) => [`Problem${status}`, problemResponse(+status)]),
    ),
  };
  for (const path of Object.values(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      if (path[method]) complete(path[method], method === 'post');
    }
  }
  document.paths = sorted(document.paths);
  document.tags = tagsOf(document);
  boundAnswers(document);
  return document;
}

function tagsOf({ paths }: OpenAPIObject): { name: string }[] {
  const operations = Object.values(paths).flatMap((path) => Object.values(path as object) as Operation[]);
  return [...new Set(operations.flatMap(({ tags = [] }) => tags))].sort().map((name) => ({ name }));
}

function problemResponse(status: number): { description: string } {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const headers = { ...headersOfAll, ...(status === 429 || status === 503 ? refer('Retry-After') : {}) };
  return { description: refusals[status]!, headers, content } as { description: string };
}

/** What is true of all operations is said once, here. */
function complete(operation: Operation, isPost: boolean): void {
  const extended = operation as Operation & { 'x-errors'?: number[]; 'x-public'?: boolean; 'x-permission'?: unknown };
  const isPublic = extended['x-public'] === true;
  const statuses = new Set([400, 429, 500, 503, ...(isPublic ? [] : [401, 403]), ...(extended['x-errors'] ?? [])]);
  if (operation.requestBody) statuses.add(413).add(415);
  if (isPost && !isPublic) {
    statuses.add(409).add(422);
    operation.parameters = [...(operation.parameters ?? []), idempotencyKey as never];
  }
  for (const status of [...statuses].sort((a, b) => a - b)) {
    operation.responses[status] ??= { $ref: `#/components/responses/Problem${status}` };
  }
  for (const response of Object.values(operation.responses)) {
    if (response && !('$ref' in response)) response.headers = { ...response.headers, ...headersOfAll } as never;
  }
  if (isPublic) operation.security = [];
  delete extended['x-errors'];
  delete extended['x-public'];
  if (extended['x-permission'] === null) delete extended['x-permission'];
}

function sorted<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

/** The document of the running application, made when it is first asked for. */
export class OpenApi {
  private application: INestApplication | undefined;
  private made: OpenAPIObject | undefined;

  describe(application: INestApplication): void {
    this.application = application;
  }

  get document(): OpenAPIObject {
    if (!this.application) throw new Error('there is no application to describe');
    return (this.made ??= buildOpenApi(this.application));
  }
}

/** The user interface at `/docs` and the document at `/openapi.json`. */
export function serveOpenApi(app: INestApplication): void {
  const openApi = app.get(OpenApi);
  openApi.describe(app);
  SwaggerModule.setup('docs', app, () => openApi.document, {
    useGlobalPrefix: false,
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Instructor dashboards',
  });
}
