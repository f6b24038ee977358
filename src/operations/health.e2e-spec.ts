import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { testConfig } from '../../test/probes.js';
import { createApp } from '../app.js';
import { Readiness } from './health.readiness.js';

let db: TestDatabase;
let app: NestFastifyApplication;
let url: string;

beforeEach(async () => {
  db = await createTestDatabase();
  app = await createApp(testConfig({ PORT: '0' }), { source: db.source, listen: true });
  url = await app.getUrl();
});

afterEach(async () => {
  await app.close();
  await db.drop();
});

it('is ready with a database, and not while draining, when everything else is still served', async () => {
  expect((await request(url).get('/health/ready')).body).toEqual({ status: 'ok' });
  app.get(Readiness).drain();
  const ready = await request(url).get('/health/ready');
  expect([ready.status, (ready.body as { code: string }).code]).toEqual([503, 'service_draining']);
  expect((await request(url).get('/health/live')).status).toBe(200);
});

it('is alive and not ready without its database, and does not say where that is', async () => {
  await db.drop();
  const ready = await request(url).get('/health/ready');
  expect([ready.status, (ready.body as { code: string }).code]).toEqual([503, 'service_not_ready']);
  expect(ready.headers['retry-after']).toBe('1');
  expect(ready.text).not.toMatch(/127\.0\.0\.1|localhost|postgres|\d{4,5}\D*port/i);
  expect((await request(url).get('/health/live')).status).toBe(200);
});
