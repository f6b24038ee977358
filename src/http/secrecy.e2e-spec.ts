import { Body, Controller, Get, Module, Post, Query } from '@nestjs/common';
import request, { type Response } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { Passwords } from '../auth/passwords.js';
import { Database } from '../database/database.js';
import { Text } from './fields.js';
import { Operation } from './operation.js';

/** What the log and the answers say when things go right, wrong, and badly wrong. */
const password = 'hunter2-correct-horse';
const email = 'ada.secret@mail.example.org';

class Trap {
  @Text({ max: 100, description: 'Anything' })
  readonly value: string;
}

@Controller('traps')
class TrapController {
  constructor(private readonly database: Database) {}

  @Get('bug')
  @Operation({ summary: 'A bug' })
  bug(): object {
    return (undefined as unknown as { property: object }).property;
  }

  @Get('cast')
  @Operation({ summary: 'A value that PostgreSQL cannot read' })
  cast(@Query('value') value: string): Promise<object> {
    return this.database.one(
      `-- traps.cast
      select $1::text::integer as number`,
      [value],
    );
  }

  @Get('table')
  @Operation({ summary: 'A table that is not there' })
  table(): Promise<object[]> {
    return this.database.many(
      `-- traps.table
      select * from no_such_table`,
    );
  }

  @Post('constraint')
  @Operation({ summary: 'A constraint that nobody has declared' })
  async constraint(@Body() { value }: Trap): Promise<void> {
    await this.database.run(
      `-- traps.constraint
      insert into traps (value) values ($1), ($1)`,
      [value],
    );
  }
}

@Module({ controllers: [TrapController] })
class TrapModule {}

const log: string[] = [];
let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let token: string;
beforeAll(async () => {
  app = await startApp({ log, extra: [TrapModule] });
  await app.db.source.query('create table traps (value text, constraint traps__value_key unique (value))');
  tenant = await createTenant(app.database);
  const passwordHash = await app.app.get(Passwords).hash(password);
  instructor = await createInstructor(app.database, tenant, { email, passwordHash });
  token = app.token(instructor);
});
afterAll(() => app.stop());

const get = (path: string): request.Test => request(app.url).get(path).set('authorization', `Bearer ${token}`);
const post = (path: string, body: string | object): request.Test =>
  request(app.url)
    .post(path)
    .set('authorization', `Bearer ${token}`)
    .set('content-type', 'application/json')
    .send(body);
const logged = (): string => log.join('');

it('writes down that something happened, and nothing that opens a door or names a person', async () => {
  const login = (body: object | string): request.Test => post('/api/v1/auth/login', body);
  const key = 'idk_secretapikey0123456789';
  const refresh = 'refresh-secret-9f8e7d6c';
  const sent = [
    await login({ tenant: tenant.slug, email, password }),
    await login({ tenant: tenant.slug, email, password: 'hunter2-wrong-horse' }),
    await login({ tenant: 'no-such-tenant', email, password }),
    await login({ tenant: tenant.slug, email, password: 'hunter2'.repeat(100), extra: email }),
    await login(`{"tenant":"${tenant.slug}","email":"${email}","password":"${password}"`),
    await login(`{"tenant":"${tenant.slug}","email":"${email}","password":"${password}\\u0000"}`),
    await post('/api/v1/auth/refresh', { refreshToken: refresh }),
    await get('/api/v1/auth/me').set('cookie', `session=${refresh}`).set('x-api-key', key),
    await get('/api/v1/auth/me').set('authorization', `Bearer ${key}`),
    await get('/api/v1/auth/me').set(
      'authorization',
      `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
    ),
    await get(`/api/v1/students?search=${encodeURIComponent(email)}&access_token=${refresh}&password=${password}`),
    await get(`/api/v1/students?search=${encodeURIComponent(email)}`),
    await get(`/api/v1/nowhere/${refresh}?token=${token}`),
    await get(`/api/v1/traps/cast?value=${encodeURIComponent(`a "${password}" of ${email}`)}`),
    await post('/api/v1/traps/constraint', { value: `${password} ${email}` }),
    await get('/api/v1/segments').set('user-agent', password).set('x-request-id', `${email} ${password}`),
  ];
  const [first] = sent;
  const { accessToken } = first!.body as { accessToken: string };
  expect(sent.map(({ status }) => status)).toEqual(
    [200, 401, 401, 400, 400, 400, expect.any(Number), 200, 401, 401, 400, 200, 404, 500, 500, 200], // prettier-ignore
  );

  expect(log.filter((line) => line.includes('"msg":"request"'))).toHaveLength(sent.length);
  expect(log.filter((line) => line.includes('request failed'))).toHaveLength(2);
  const secrets = ['hunter2', email, encodeURIComponent(email), instructor.name, key, refresh, accessToken, token];
  const basic = Buffer.from(`${email}:${password}`).toString('base64');
  for (const secret of [...secrets, basic, token.split('.')[2]!]) expect(logged()).not.toContain(secret);
  expect(logged()).not.toMatch(/bearer |\$argon2|authorization"|set-cookie|"password"/i);
});

describe('an answer tells nothing of the inside', () => {
  const inside =
    /select|insert|no_such_table|traps__|traps\.|relation|constraint|syntax|postgres|\bpg\b|typeorm|fastify|nest|node_modules|\/src\/|\.ts\b|\.js\b|\bat [\w.]+ \(|TypeError|undefined|JSON at position/i;
  const quiet = ({ text, headers }: Response): void => {
    expect(text).not.toMatch(inside);
    expect(JSON.stringify(headers)).not.toMatch(inside);
  };

  it('when it is a bug, of ours or in what the database is asked', async () => {
    for (const response of [
      await get('/api/v1/traps/bug'),
      await get('/api/v1/traps/cast?value=x'),
      await get('/api/v1/traps/table'),
      await post('/api/v1/traps/constraint', { value: 'twice' }),
    ]) {
      expect([response.status, (response.body as { code: string }).code]).toEqual([500, 'internal_error']);
      quiet(response);
    }
    // what was hidden from the client is there for whoever looks for it
    expect(logged()).toMatch(/no_such_table/);
  });

  it('when the request is wrong', async () => {
    for (const [status, response] of [
      [400, await post('/api/v1/auth/login', '{"tenant": undefined}')],
      [400, await post('/api/v1/auth/login', { tenant: 1, email: [], password: {} })],
      [400, await get('/api/v1/students/not-an-id')],
      [400, await get('/api/v1/students?limit=many&sort=random()')],
      [401, await get('/api/v1/auth/me').set('authorization', 'Bearer e30.e30.e30')],
      [403, await post('/api/v1/modules', {})],
      [404, await get('/api/v1/students/0198f000-0000-7000-8000-00000000000f')],
      [404, await get('/api/v1/../../etc/passwd')],
      [406, await get('/api/v1/modules').set('accept', 'image/png')],
      [415, await post('/api/v1/auth/login', 'x').set('content-type', 'text/plain')],
    ] as const) {
      expect(response.status).toBe(status);
      quiet(response);
    }
  });

  it('when the database does not answer', async () => {
    const runner = app.db.source.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table modules in access exclusive mode');
    const response = await get('/api/v1/modules?limit=7');
    await runner.rollbackTransaction();
    await runner.release();
    expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
    quiet(response);
  });
});
