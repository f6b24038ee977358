import { connect } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { ProbeModule, tenantId, testConfig, userId } from '../../test/probes.js';
import { createApp } from '../app.js';
import type { FieldError } from './problem.js';

interface ProblemBody {
  readonly type: string;
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  readonly errors?: FieldError[];
}

let db: TestDatabase;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  db = await createTestDatabase();
  await db.source.query('create table probes (name text, constraint probes__name_key unique (name))');
  app = await createApp(testConfig({ PORT: '0', CORS_ORIGINS: 'https://ui.example' }), {
    source: db.source,
    extra: [ProbeModule],
    listen: true,
  });
  url = await app.getUrl();
});

afterAll(async () => {
  await app.close();
  await db.drop();
});

const probes = '/api/v1/probes';
const post = (body: string, path = probes): request.Test =>
  request(url).post(path).set('content-type', 'application/json').send(body);
const get = (path: string): request.Test => request(url).get(probes + path);

function expectProblem(response: request.Response, status: number, code: string, ...pointers: string[]): ProblemBody {
  const problem = response.body as ProblemBody;
  expect(response.headers['content-type']).toBe('application/problem+json');
  expect(problem).toMatchObject({ status, code, type: `urn:problem:${code}` });
  expect(response.status).toBe(status);
  expect(problem.requestId).toBe(response.headers['x-request-id']);
  expect((problem.errors ?? []).map((error) => error.pointer)).toEqual(pointers);
  return problem;
}

/** Bytes as they are, for what no client library would send. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('refusals', () => {
  it('are problems where no route matches', async () => {
    expectProblem(await request(url).get('/nowhere'), 404, 'route_not_found');
    expectProblem(await request(url).delete(probes), 404, 'route_not_found');
  });

  it('are problems where the URL or the protocol is broken', async () => {
    expectProblem(await request(url).get('/api/v1/%zz'), 400, 'request_invalid');
    expectProblem(await get(`/${'x'.repeat(300)}`), 414, 'url_too_long');
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"request_invalid"/s);
    expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/"headers_too_large"/);
  });

  it('name the malformed body', async () => {
    expectProblem(await post('{"name": '), 400, 'body_malformed');
    const notUtf8 = request(url).post(probes).set('content-type', 'application/json');
    notUtf8.write(Buffer.from([0x22, 0xff, 0x22]));
    expectProblem(await notUtf8, 400, 'body_malformed');
    expectProblem(await post('['.repeat(50_000) + ']'.repeat(50_000)), 400, 'body_malformed');
    expectProblem(await post('[]'), 400, 'request_invalid', '');
    expectProblem(await request(url).post(probes), 400, 'request_invalid', '');
  });

  it('name the body that is too large and the type that is not JSON', async () => {
    expectProblem(await post(`{"name":"${'x'.repeat(2_000_000)}"}`), 413, 'body_too_large');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const sent = await request(url).post(probes).set('content-type', type).send('a=b');
      expectProblem(sent, 415, 'content_type_unsupported');
    }
    expectProblem(await get('').set('accept', 'image/png'), 406, 'answer_not_acceptable');
  });

  it('point at unknown, missing and wrong fields, nested ones too', async () => {
    const body = { nam: 'x', item: { count: 1.5, more: 1 }, items: [{ count: 1 }, { count: '2' }], extra: [] };
    const pointers = ['/nam', '/item/more', '/name', '/item/count', '/items/1/count', '/extra'];
    const problem = expectProblem(await post(JSON.stringify(body)), 400, 'request_invalid', ...pointers);
    expect(problem.errors!.map(({ code }) => code)).toEqual(
      ['field_unknown', 'field_unknown', 'value_missing', 'value_invalid', 'value_invalid', 'value_invalid'], // prettier-ignore
    );
    expectProblem(await post('{"name":null}'), 400, 'request_invalid', '/name');
    expectProblem(await post('{"name":"x","items":[3]}'), 400, 'request_invalid', '/items');
    expectProblem(await post('{"name":"x","item":[{"count":1}]}'), 400, 'request_invalid', '/item');
    expect((await post('{"name":"x","extra":null}')).status).toBe(201);
  });

  it('keep from the database what it cannot store', async () => {
    expectProblem(await post('{"name":"a\\u0000b"}'), 400, 'request_invalid', '/name');
    expectProblem(await post('{"name":"x","raw":[{"a/b":["\\uD800"]}]}'), 400, 'request_invalid', '/raw/0/a~1b/0');
    expectProblem(await get('?sort=%00'), 400, 'request_invalid', '/query/sort');
    expectProblem(await get('/%00'), 400, 'request_invalid', '/path/id');
    const emoji = await post('{"name":"\\ud83d\\ude00 \\\\u0000"}');
    expect((emoji.body as { body: object }).body).toMatchObject({ name: '😀 \\u0000' });
  });

  it('keep prototypes clean', async () => {
    expectProblem(await post('{"name":"x","__proto__":{"a":1}}'), 400, 'request_invalid', '/__proto__');
    expectProblem(await post('{"name":"x","\\u005f_proto__":{"a":1}}'), 400, 'request_invalid', '/__proto__');
    const nested = '{"name":"x","extra":{"constructor":{"prototype":{"a":1}}}}';
    expectProblem(await post(nested), 400, 'request_invalid', '/extra/constructor');
    expectProblem(await get('?__proto__=1&__proto__=2'), 400, 'request_invalid', '/query/__proto__');
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('tell nothing of a bug but where to find it', async () => {
    const response = await get('/bug').set('x-request-id', 'my-request-1');
    expectProblem(response, 500, 'internal_error');
    expect(response.headers['x-request-id']).toBe('my-request-1');
    expect(response.text).not.toContain('secret-inside');
  });

  it('give constraints the meaning that was declared', async () => {
    expectProblem(await post('{"name":"taken"}'), 409, 'name_taken', '/name');
  });

  it('come from guards too', async () => {
    expectProblem(await get('').set('x-user', 'nobody'), 403, 'permission_denied');
  });

  it('end what takes too long, and the answer that comes too late hurts nobody', async () => {
    const response = await get('/slow');
    expectProblem(response, 503, 'deadline_passed');
    expect(response.headers['retry-after']).toBe('1');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await get('')).status).toBe(200);
  });

  it('wait for a route that may take longer', async () => {
    expect((await get('/patient')).body).toEqual({ late: false });
  });
});

describe('queries', () => {
  it.each(['0x10', '1e1', ' 1', '+1', '1.0', '01', '', '101', '0', '99999999999', 'true'])(
    'refuse the limit "%s"',
    async (limit) => {
      expectProblem(await get(`?limit=${encodeURIComponent(limit)}`), 400, 'request_invalid', '/query/limit');
    },
  );

  it('refuse what is unknown or repeated, and read lists', async () => {
    expectProblem(await get('?limt=1'), 400, 'request_invalid', '/query/limt');
    expectProblem(await get('?limit=1&limit=2'), 400, 'request_invalid', '/query/limit');
    expectProblem(await get('?ids=1,2'), 400, 'request_invalid', '/query/ids');
    expect((await get(`?ids=${userId},${tenantId}`)).status).toBe(200);
    expectProblem(await get('/12'), 400, 'request_invalid', '/path/id');
  });

  it('page by number and by cursor, with links', async () => {
    const second = await get('?page=2&sort=up');
    expect(second.body).toMatchObject({
      pagination: { limit: 20, page: 2, total: 50, totalPages: 3, hasNext: true, hasPrevious: true },
    });
    expect(second.headers.link).toBe(
      `<${probes}?sort=up>; rel="first", <${probes}?sort=up&page=1>; rel="prev", ` +
        `<${probes}?sort=up&page=3>; rel="next", <${probes}?sort=up&page=3>; rel="last"`,
    );
    const { nextCursor } = (second.body as { pagination: { nextCursor: string } }).pagination;
    const third = await get(`?sort=up&cursor=${nextCursor}`);
    expect((third.body as { data: number[] }).data).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    expectProblem(await get(`?sort=down&cursor=${nextCursor}`), 400, 'cursor_invalid', '/query/cursor');
    expectProblem(await get(`?page=1&cursor=${nextCursor}`), 400, 'cursor_and_page_given', '/query/cursor');
    expectProblem(await get('?page=1001&limit=10'), 400, 'page_too_deep', '/query/page');
  });
});

describe('conditions and representations', () => {
  it('answer 304 to the tag of the same bytes, in every encoding', async () => {
    const plain = await get('/bytes').set('accept-encoding', 'identity');
    const packed = await get('/bytes').set('accept-encoding', 'gzip');
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers.vary).toBe('Origin, accept-encoding');
    expect(packed.text).toBe(plain.text);
    expect(packed.headers.etag).toBe(plain.headers.etag!.replace(/"$/, '-gzip"'));
    for (const tag of [
      plain.headers.etag!,
      packed.headers.etag!,
      `W/${plain.headers.etag}`,
      `"x", ${plain.headers.etag}`,
    ]) {
      const again = await get('/bytes').set('if-none-match', tag).set('accept-encoding', 'identity');
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', plain.headers.etag]);
    }
    expect((await get('/bytes').set('if-none-match', '"x"')).status).toBe(200);
    const head = await request(url).head(`${probes}/bytes`).set('accept-encoding', 'identity');
    expect([head.status, head.headers.etag, head.headers['content-length']]).toEqual(
      [200, plain.headers.etag, plain.headers['content-length']], // prettier-ignore
    );
  });

  it('take the version or the ETag of a row in If-Match', async () => {
    const change = (tag: string): request.Test => request(url).patch(`${probes}/versioned`).set('if-match', tag);
    const { etag } = (await get('/versioned')).headers;
    expect(etag).toMatch(/^"3-[\w-]+"$/);
    expect((await change(etag!)).status).toBe(200);
    expect((await change('"3"')).status).toBe(200);
    expectProblem(await change('"2"'), 412, 'version_mismatch');
    expectProblem(await change('W/"3"'), 400, 'precondition_invalid', '/headers/if-match');
  });

  it('carry the headers that protect, and those of CORS for the origins that are allowed', async () => {
    const { headers } = await get('').set('origin', 'https://ui.example');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBe('https://ui.example');
    expect(
      (await get('').set('origin', 'https://else.example')).headers['access-control-allow-origin'],
    ).toBeUndefined();
  });
});

it('serves the documentation of what is there', async () => {
  const document = await request(url).get('/openapi.json');
  const { paths } = document.body as {
    paths: Record<string, Record<string, { operationId: string; responses: object }>>;
  };
  expect(paths[probes]!.post!.operationId).toBe('probeCreate');
  expect(Object.keys(paths[probes]!.post!.responses)).toEqual(
    ['201', '400', '401', '403', '409', '413', '415', '422', '429', '500', '503'], // prettier-ignore
  );
  const page = await request(url).get('/docs');
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  expect((await request(url).get('/docs/swagger-ui-bundle.js')).status).toBe(200);
});

it('puts the request on the audit record', async () => {
  const sent = await post('{"name":"audited"}').set('user-agent', 'probe/1').set('x-request-id', 'audited-request');
  expect(sent.status).toBe(201);
  const entries: unknown = await db.source.query(
    `select actor_id, actor_role, action, target_id, address, agent, before, after, result
     from audit_entries where tenant_id = $1 and request_id = 'audited-request'`,
    [tenantId],
  );
  expect(entries).toEqual([
    {
      actor_id: userId,
      actor_role: 'admin',
      action: 'probe.created',
      target_id: null,
      // nobody here has this id: where they came from is kept of nobody
      address: null,
      agent: null,
      before: null,
      after: { name: 'audited' },
      result: 'done',
    },
  ]);
});
