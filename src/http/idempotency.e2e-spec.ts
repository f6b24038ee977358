import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { ProbeController, ProbeModule, tenantId, testConfig, userId } from '../../test/probes.js';
import { createApp } from '../app.js';
import { Clock } from '../database/clock.js';
import { IdempotencyRepository } from './idempotency.repository.js';

class MovableClock extends Clock {
  aheadSeconds = 0;

  override now(): Date {
    return new Date(Date.now() + this.aheadSeconds * 1000);
  }
}

const clock = new MovableClock();
let db: TestDatabase;
let app: NestFastifyApplication;
let probe: ProbeController;
let url: string;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createApp(testConfig({ PORT: '0' }), { source: db.source, clock, extra: [ProbeModule], listen: true });
  url = await app.getUrl();
  probe = app.get(ProbeController);
});

afterAll(async () => {
  await app.close();
  await db.drop();
});

beforeEach(() => {
  clock.aheadSeconds = 0;
  probe.executions = 0;
});

const send = (key: string, name = 'x', headers: Record<string, string> = {}): request.Test =>
  request(url).post('/api/v1/probes').set('idempotency-key', key).set(headers).send({ name });

it('executes one of eight requests that come at once, and answers later ones the same', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => send('at-once')));
  expect(probe.executions).toBe(1);
  const first = answers.find(({ status }) => status === 201)!;
  for (const { status, text } of answers)
    expect([409, status === 201 && text === first.text ? 201 : 0]).toContain(status);
  const again = await send('"at-once"');
  expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([201, first.text, 'true']);
  expect(again.headers['content-type']).toBe(first.headers['content-type']);
  expect(probe.executions).toBe(1);
});

it('refuses a key that belongs to another body or another path', async () => {
  await send('other');
  const other = await send('other', 'y');
  expect([other.status, (other.body as { code: string }).code]).toEqual([422, 'idempotency_key_reused']);
  const query = await request(url).post('/api/v1/probes?a=1').set('idempotency-key', 'other').send({ name: 'x' });
  expect(query.status).toBe(422);
  expect((await send('k'.repeat(256))).status).toBe(400);
});

it('keeps viewers apart, and leaves anonymous requests and secrets alone', async () => {
  const stranger = { 'x-user': '0197a000-0000-7000-8000-000000000003' };
  await send('mine');
  expect((await send('mine', 'x', stranger)).headers['idempotency-replayed']).toBeUndefined();
  const secret = (headers: Record<string, string>): request.Test =>
    request(url).post('/api/v1/probes/secret').set('idempotency-key', 'mine-too').set(headers);
  await secret({});
  expect((await secret({})).body).toEqual({ execution: 4 });
  expect((await secret({ 'x-user': 'anonymous' })).body).toEqual({ execution: 5 });
  expect(await db.source.query(`select 1 from idempotency_keys where key = 'mine-too'`)).toEqual([]);
});

it('gives the key back after a refusal and after a bug', async () => {
  expect((await send('refused', '')).status).toBe(400);
  expect((await send('refused', 'bug')).status).toBe(500);
  expect((await send('refused', 'good')).status).toBe(201);
});

it('keeps the answer that came after the deadline for the client that asks again', async () => {
  expect((await send('late', 'slow')).status).toBe(503);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const again = await send('late', 'slow');
  expect([again.status, again.headers['idempotency-replayed'], probe.executions]).toEqual([201, 'true', 1]);
  expect(again.headers['content-type']).toBe('application/json; charset=utf-8');
});

it('frees a key whose process died before it answered', async () => {
  const repository = app.get(IdempotencyRepository);
  const dead = await repository.claim(tenantId, userId, 'crashed', 'POST', 'hash');
  expect(dead).not.toBeNull();
  expect((await send('crashed')).status).toBe(422); // its hash is not that of this request
  clock.aheadSeconds = 61;
  expect((await send('crashed')).status).toBe(201);
  await repository.complete(dead!, 201, {}, 'the dead come back');
  expect((await send('crashed')).headers['idempotency-replayed']).toBe('true');
  expect((await send('crashed')).text).not.toContain('dead');
});

it('forgets after a day', async () => {
  await send('daily');
  clock.aheadSeconds = 86_400 - 60;
  expect((await send('daily')).headers['idempotency-replayed']).toBe('true');
  clock.aheadSeconds = 86_400 + 60;
  expect(await app.get(IdempotencyRepository).deleteExpired()).toBeGreaterThan(0);
  expect((await send('daily')).headers['idempotency-replayed']).toBeUndefined();
});
