import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Logger, Module, Post, Query } from '@nestjs/common';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createOperator, createTenant, type Member, type Person } from '../../test/factories.js';
import { Text } from '../http/fields.js';
import { Operation } from '../http/operation.js';
import { Database } from '../database/database.js';
import type { SystemLogEntry } from './system-logs.dto.js';
import { SystemLogsRepository } from './system-logs.repository.js';

class Said {
  @Text({ max: 2_000, description: 'Anything' })
  readonly value: string;
}

@Controller('traps')
class TrapController {
  private readonly logger = new Logger('Trap');

  constructor(private readonly database: Database) {}

  @Post('bug')
  @Operation({ summary: 'A bug that says what it was sent' })
  bug(@Body() { value }: Said): void {
    throw new Error(`cannot read ${value}`);
  }

  @Post('warning')
  @Operation({ summary: 'A warning that says what it was sent' })
  warn(@Body() { value }: Said): void {
    this.logger.warn({ message: value, said: value, [value.slice(0, 40)]: 1, token: value });
  }

  @Get('table')
  @Operation({ summary: 'A table that is not there' })
  table(@Query('value') value: string): Promise<object[]> {
    return this.database.many('-- traps.table\nselect * from no_such_table where $1::text is null', [value]);
  }
}

@Module({ controllers: [TrapController] })
class TrapModule {}

const log: string[] = [];
let app: TestApp;
let operator: Person;
let instructor: Member;

beforeAll(async () => {
  app = await startApp({ log, extra: [TrapModule] });
  operator = await createOperator(app.database);
  instructor = await createInstructor(app.database, await createTenant(app.database));
});
afterAll(() => app.stop());
beforeEach(() => {
  log.length = 0;
});

const list = async (query: object = {}): Promise<SystemLogEntry[]> =>
  (await app.as(operator).get('/system-logs').query(query).expect(200)).body.data as SystemLogEntry[];
/** Lines come behind whoever writes them. */
async function eventually(query: object, count = 1): Promise<SystemLogEntry[]> {
  for (let tries = 0; ; tries++) {
    const found = await list(query);
    if (found.length >= count || tries === 60) return found;
    await sleep(100);
  }
}
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const trap = (name: string, value: string, headers: Record<string, string> = {}) =>
  app.as(instructor).post(`/traps/${name}`).set(headers).send({ value });

it('keeps what went wrong, by request, trace, code and words', async () => {
  const headers = { 'x-request-id': 'request-of-a-bug', traceparent };
  await trap('bug', 'anything', headers).expect(500);
  const [entry] = await eventually({ requestId: 'request-of-a-bug' });
  expect(entry).toEqual({
    id: expect.any(String) as string,
    at: expect.stringMatching(/Z$/) as string,
    level: 'error',
    category: 'http',
    message: 'request failed',
    code: 'internal_error',
    error: expect.stringMatching(/^Error: cannot read/) as string,
    stack: expect.stringMatching(/^at TrapController\.bug/) as string,
    details: {},
    requestId: 'request-of-a-bug',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    tenantId: instructor.tenantId,
    durationSeconds: expect.any(Number) as number,
    memoryBytes: expect.any(Number) as number,
    host: expect.any(String) as string,
  });
  await trap('warning', 'careful now', { 'x-request-id': 'request-of-a-warning' }).expect(200);
  await eventually({ requestId: 'request-of-a-warning' });
  const found = async (query: object): Promise<string[]> => (await list(query)).map(({ message }) => message);
  expect(await found({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' })).toEqual(['request failed']);
  expect(await found({ code: 'internal_error' })).toEqual(['request failed']);
  expect(await found({ text: 'CANNOT read' })).toEqual(['request failed']);
  expect(await found({ text: 'Careful' })).toEqual(['careful now']);
  expect(await found({ text: '100%_' })).toEqual([]);
  expect(await found({ category: 'Trap' })).toEqual(['careful now']);
  expect(await found({ level: 'error' })).toEqual(['request failed']);
  expect(await found({ level: 'warn' })).toEqual(['careful now', 'request failed']);
  expect(await found({ to: entry!.at })).toEqual([]);
  expect(await found({ from: entry!.at, to: '2999-01-01T00:00:00Z' })).toHaveLength(2);
  const lines = log.map((line) => JSON.parse(line) as Record<string, unknown>);
  const ofBug = lines.filter(({ requestId }) => requestId === 'request-of-a-bug');
  expect(ofBug.map(({ category, level, traceId }) => [category, level, traceId])).toEqual([
    ['http', 'error', '4bf92f3577b34da6a3ce929d0e0e4736'],
    ['http', 'info', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ]);
  for (const { memoryBytes, durationSeconds } of ofBug) {
    expect([typeof memoryBytes, typeof durationSeconds]).toEqual(['number', 'number']);
  }
});

it('pages through all of it, each line once', async () => {
  for (let n = 0; n < 5; n++) await trap('warning', `page ${n}`).expect(200);
  await eventually({ text: 'page' }, 5);
  const seen: string[] = [];
  for (let cursor: string | undefined; ;) {
    const { body } = await app.as(operator).get('/system-logs').query({ text: 'page', limit: 2, cursor }).expect(200);
    seen.push(...(body.data as SystemLogEntry[]).map(({ message }) => message));
    cursor = body.pagination.nextCursor as string | undefined;
    if (cursor === undefined) break;
  }
  expect(seen).toEqual(['page 4', 'page 3', 'page 2', 'page 1', 'page 0']);
});

it('is for operators alone', async () => {
  await app.as(instructor).get('/system-logs').expect(403);
  await app.as('admin', instructor).get('/system-logs').expect(403);
  await app.as(operator).get('/system-logs').query({ from: 'yesterday' }).expect(400);
  await app.as(operator).get('/system-logs').query({ level: 'info' }).expect(400);
});

it('shows in neither place who it was about, nor what opens doors', async () => {
  const secrets = ['ada.okafor@example.org', 'hunter2', '7946 0958', 'Aq3vW8xZk2Lm9Rt5Yb7Nc4Hd6Jf1Gs0PzXe'];
  const value =
    'of ada.okafor@example.org, +44 20 7946 0958: Bearer hunter2hunter2, postgres://u:hunter2@db/x, ' +
    'password=hunter2 link /x?t=hunter2 Aq3vW8xZk2Lm9Rt5Yb7Nc4Hd6Jf1Gs0PzXe';
  await trap('bug', value, { 'x-request-id': 'secret-bug' }).expect(500);
  await trap('warning', value, { 'x-request-id': 'secret-warning' }).expect(200);
  await app.as(instructor).get(`/traps/table?value=hunter2&ada.okafor@example.org`).expect(500);
  const rows = [
    ...(await eventually({ requestId: 'secret-bug' })),
    ...(await eventually({ requestId: 'secret-warning' })),
  ];
  expect(rows).toHaveLength(2);
  const [table] = await eventually({ code: '42P01' });
  expect(table).toMatchObject({
    message: 'request failed',
    error: expect.stringContaining('relation … does not') as string,
  });
  for (const place of [log.join(''), JSON.stringify(await list({ limit: 100 }))]) {
    for (const secret of secrets) expect(place).not.toContain(secret);
  }
}, 20_000);

it('lets nobody forge a line by what they send, wherever they send it', async () => {
  const forged = '{"level":"fatal","time":"2026-03-02T08:00:00.000Z","msg":"forged"}';
  const evil = `x\r\n${forged}\n\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\u2066\u2028${forged}`;
  await trap('bug', evil, { 'x-request-id': 'evil-bug-0001' }).expect(500);
  await trap('warning', evil, { 'x-request-id': 'evil-warning-0001' }).expect(200);
  // what no client library sends
  const lines = [
    `GET /api/v1/traps/table?a\u009b31m=\u001b[2J HTTP/1.1`,
    `GET /api/v1/%0a${encodeURIComponent(forged)}%1b%5b2J HTTP/1.1`,
    `GET /api/v1/traps/table?%0a${encodeURIComponent(forged)}=1&\u202e=2 HTTP/1.1`,
  ];
  for (const line of lines) {
    await raw(
      `${line}\r\nhost: x\r\nuser-agent: evil\u009b31m\u00ad ${forged}\r\nx-request-id: a\u001b[2J${forged}\r\n`,
    );
  }
  await raw(`GET /api/v1/auth/me HTTP/1.1\r\nhost: x\r\ntraceparent: 00-${'0'.repeat(32)}\u001b-${forged}\r\n`);
  const rows = [
    ...(await eventually({ requestId: 'evil-bug-0001' })),
    ...(await eventually({ requestId: 'evil-warning-0001' })),
  ];
  expect(rows).toHaveLength(2);
  expect(await list({ level: 'fatal' })).toEqual([]);
  for (const line of log) {
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    expect(level).not.toBe('fatal');
    expect(msg).not.toBe('forged');
  }
  for (const row of rows) {
    for (const text of [row.message, row.error, row.stack, ...Object.entries(row.details).flat()]) {
      expect(String(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
    expect(row.stack ?? '').not.toContain('forged');
  }
});

it('does without the database, says what it lost meanwhile, and never speaks of itself', async () => {
  await app.db.source.query('alter table system_logs rename to away');
  for (let n = 0; n < 1_200; n++) new Logger('Flood').warn(`drop ${n}`);
  await sleep(1_500);
  const failed = log.filter((line) => line.includes('system_log'));
  expect(failed).toEqual([]);
  await app.db.source.query('alter table away rename to system_logs');
  const [said] = await eventually({ category: 'SystemLog' });
  const { lines } = said!.details as { lines: number };
  expect(said!.message).toBe('lines of the log were not kept');
  const [{ kept }] = (await app.db.source.query(
    `select count(*)::integer as kept from system_logs where category = 'Flood'`,
  )) as [{ kept: number }];
  expect(lines).toBeGreaterThanOrEqual(200);
  expect(kept + lines).toBe(1_200);
}, 30_000);

it('keeps of slow statements those that are not its own', async () => {
  const lines: string[] = [];
  const slow = await startApp({ log: lines, environment: { SLOW_STATEMENT_SECONDS: '0' } });
  try {
    await slow
      .as(await createOperator(slow.database))
      .get('/tenants')
      .expect(200);
    await sleep(2_500);
    const kept = await slow.database.many<{ statement: string }>(
      `-- test.keptStatements
      select details->>'statement' as statement from system_logs where message = 'slow statement'`,
    );
    expect(lines.join('')).toContain('"statement":"system_log.insert"');
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter(({ statement }) => statement.startsWith('system_log.'))).toEqual([]);
  } finally {
    await slow.stop();
  }
}, 20_000);

it('forgets what is old: of a tenant by its setting, of the installation after 90 days', async () => {
  await app.db.source.query('delete from system_logs');
  await app.as('admin', instructor).patch('/settings').send({ systemLogRetentionDays: 7 }).expect(200);
  const line = { level: 'warn', category: 'Age', message: '', code: null, error: null, stack: null, details: {} };
  const none = { request_id: null, trace_id: null, duration_seconds: null, memory_bytes: null };
  const repository = app.app.get(SystemLogsRepository, { strict: false });
  const rowOf = (n: number, days: number, tenantId: string | null) => ({
    ...line,
    ...none,
    id: `0198f000-0000-7000-8000-00000000000${n}`,
    at: new Date(Date.parse('2026-03-02T08:00:00Z') - days * 86_400_000).toISOString(),
    message: `${days} days`,
    tenant_id: tenantId,
  });
  const { tenantId } = instructor;
  await repository.insert('test', [
    rowOf(1, 89, null),
    rowOf(2, 91, null),
    rowOf(3, 6, tenantId),
    rowOf(4, 8, tenantId),
  ]);
  expect(await repository.deleteOld(new Date('2026-03-02T08:00:00Z'), 100)).toBe(2);
  expect((await list({ category: 'Age' })).map(({ message }) => message)).toEqual(['6 days', '89 days']);
});

/** Sends bytes as they are. @returns the answer */
function raw(head: string): Promise<string> {
  const { port, hostname } = new URL(app.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(Number(port), hostname, () => {
      socket.write(Buffer.from(`${head}connection: close\r\n\r\n`, 'latin1'));
    });
    socket.on('data', (part) => (answer += part.toString('latin1')));
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}
