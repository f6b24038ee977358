import type { Server } from 'node:http';
import { connect } from 'node:net';
import request, { type Response } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createTenant } from '../../test/factories.js';

/** What stands around the bodies: origins, headers, methods, and the bytes of HTTP itself. */
const allowed = 'https://dashboards.example.org';
const other = 'https://elsewhere.example.org';
let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await startApp({ environment: { CORS_ORIGINS: `${allowed},https://second.example.org` } });
  token = app.token(await createAdmin(app.database, await createTenant(app.database)));
});
afterAll(() => app.stop());

const get = (path: string): request.Test => request(app.url).get(path).set('authorization', `Bearer ${token}`);

/** Bytes as they are, for what no client library would send; the answer up to the end of the connection. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.end(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
const statusLines = (answer: string): string[] => answer.match(/^HTTP\/1\.1 \d+/gm) ?? [];

describe('another origin', () => {
  const preflight = (origin: string): PromiseLike<Response> =>
    request(app.url)
      .options('/api/v1/students')
      .set('origin', origin)
      .set('access-control-request-method', 'PATCH')
      .set('access-control-request-headers', 'authorization,content-type,if-match');

  it('is let in when it is listed, without the browser’s own credentials', async () => {
    const { status, headers } = await preflight(allowed);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': allowed,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization,content-type,if-match',
      'access-control-max-age': '600',
    });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    expect(headers.vary).toMatch(/\bOrigin\b/i);
  });

  it.each([
    other,
    'null',
    'https://dashboards.example.org.evil.example',
    `${allowed}:444`,
    'http://dashboards.example.org',
  ])('is told nothing when it is %s', async (origin) => {
    for (const response of [await preflight(origin), await get('/api/v1/modules').set('origin', origin)]) {
      expect(response.headers['access-control-allow-origin']).toBeUndefined();
      expect(response.headers.vary).toMatch(/\bOrigin\b/i);
    }
  });

  it('may read what a client needs', async () => {
    const { headers } = await get('/api/v1/modules').set('origin', allowed).expect(200);
    expect(headers['access-control-expose-headers']).toBe(
      'ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id',
    );
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('every answer', () => {
  const protectedBy = {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  };

  it.each(['/api/v1/modules', '/api/v1/nowhere', '/nowhere', '/api/v1/%zz', `/${'x'.repeat(300)}`, '/health/live'])(
    'protects itself: %s',
    async (path) => {
      const { headers } = await get(path);
      expect(headers).toMatchObject(protectedBy);
      for (const name of ['x-powered-by', 'server', 'strict-transport-security']) expect(headers[name]).toBeUndefined();
    },
  );

  it('may be kept by nobody but the one who asked, and refusals and changes by nobody', async () => {
    expect((await get('/api/v1/modules')).headers['cache-control']).toBe('private, no-cache');
    expect((await get('/api/v1/nowhere')).headers['cache-control']).toBe('no-store');
    expect((await request(app.url).get('/api/v1/modules')).headers['cache-control']).toBe('no-store');
    expect((await request(app.url).post('/api/v1/auth/login')).headers['cache-control']).toBe('no-store');
  });

  it('asks for TLS where a proxy in front can have it', async () => {
    const behindProxy = await startApp({ environment: { TRUST_PROXY: 'true' }, db: app.db });
    const { headers } = await request(behindProxy.url).get('/health/live');
    await behindProxy.stop();
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });

  it('lets the page of the documentation run its own scripts, and no others', async () => {
    const page = await request(app.url).get('/docs').expect(200);
    const policy = page.headers['content-security-policy']!;
    expect(policy).toMatch(/^default-src 'self';/);
    expect(policy).not.toMatch(/unsafe-eval|script-src|\*/);
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)/);
    const sources = [...page.text.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]+)"/g)].map(
      ([, source]) => source!,
    );
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).toMatch(/^\.\/docs\//);
      await request(app.url).get(source.slice(1)).expect(200);
    }
  });
});

describe('HTTP', () => {
  const host = 'host: 127.0.0.1\r\n';

  it.each(['TRACE', 'CONNECT', 'TRACK', 'DEBUG', 'PROPFIND'])('knows no %s', async (method) => {
    const answer = await raw(
      `${method} /api/v1/auth/me HTTP/1.1\r\n${host}x-secret: told\r\nconnection: close\r\n\r\n`,
    );
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
    expect(answer).not.toContain('told');
  });

  it('ends where it could be read in two ways', async () => {
    const hidden = `GET /health/live HTTP/1.1\r\n${host}\r\n`;
    const post = `POST /api/v1/auth/login HTTP/1.1\r\n${host}content-type: application/json\r\n`;
    const ambiguous = [
      `${post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${post}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${hidden}`,
      `${post}content-length: 0\r\ncontent-length: 44\r\n\r\n${hidden}`,
      `${post}content-length: +5\r\n\r\nabcde${hidden}`,
      `${post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${post} folded: x\r\ncontent-length: 0\r\n\r\n${hidden}`,
      `GET /health/live HTTP/1.1\r\n\r\n${hidden}`,
    ];
    for (const text of ambiguous) expect(statusLines(await raw(text))).toEqual(['HTTP/1.1 400']);
  });

  it('has headers and a path of bounded size, and any number of parameters in it', async () => {
    const long = 'x'.repeat(20_000);
    expect(await raw(`GET /?q=${long} HTTP/1.1\r\n${host}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw(`GET / HTTP/1.1\r\n${host}cookie: ${long}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    const many = Array.from({ length: 2_000 }, (_, index) => `p${index}=1`).join('&');
    const refused = await get(`/api/v1/students?${many}`);
    expect(refused.status).toBe(400);
    expect((refused.body as { errors: unknown[] }).errors).toHaveLength(100);
  });

  it('waits for nobody for ever', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = app.app.getHttpServer() as Server;
    expect([headersTimeout, requestTimeout, keepAliveTimeout]).toEqual([10_000, 30_000, 65_000]);
  });
});
