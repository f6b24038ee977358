import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createInstructor, createOperator, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { trayOf } from '../../test/occurrences.js';
import { planOf, stepsOf } from '../../test/plans.js';
import fc from '../../test/property.js';
import { sentDuring } from '../../test/sent.js';
import type { NewNotification } from './notification.js';
import type { NotificationResponse } from './notifications.dto.js';
import { TrayWriter } from './tray-writer.js';

const start = '2026-03-02T08:00:00Z';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(start);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});

const line = (fields: Partial<NewNotification> = {}): NewNotification => ({
  userId: instructor.userId,
  type: 'report_ready',
  priority: 'normal',
  title: 'Your report is ready',
  body: 'It is kept for a week.',
  actionUrl: '/reports/1',
  cause: `report:${uuidv7()}`,
  expiresAt: new Date('2026-03-09T08:00:00Z'),
  ...fields,
});
const tell = (...notifications: NewNotification[]): Promise<number> =>
  app.app.get(TrayWriter, { strict: false }).tell(tenant.tenantId, notifications);
const unread = async (person: Member = instructor): Promise<number> =>
  (await app.as(person).get('/notifications/unread-count').expect(200)).body.unread as number;
const post = (path: string, body: object = {}, person: Member = instructor) =>
  app.as(person).post(`/notifications/${path}`).send(body);
const events = (): Promise<object[]> =>
  app.database.many(
    `-- test.trayEvents
    select topic, key, payload from outbox where tenant_id = $1 and topic like 'notifications.%' order by id`,
    [tenant.tenantId],
  );
const audited = async (): Promise<object[]> =>
  (await auditTrail(app.database, tenant.tenantId, 'notification%')).map(({ action, targetId, after }) => ({
    action,
    targetId,
    after,
  }));

describe('the list', () => {
  it('shows what one was told, newest first, to oneself alone', async () => {
    await tell(line({ cause: 'a', title: 'First' }));
    app.clock.advance(60);
    await tell(line({ cause: 'b', title: 'Second', type: 'student_at_risk', priority: 'high' }));
    const rows = await trayOf(app, instructor);
    expect(rows.map(({ title }) => title)).toEqual(['Second', 'First']);
    expect(rows[1]).toEqual({
      id: expect.any(String),
      type: 'report_ready',
      priority: 'normal',
      title: 'First',
      body: 'It is kept for a week.',
      actionUrl: '/reports/1',
      count: 1,
      createdAt: start,
      updatedAt: start,
      expiresAt: '2026-03-09T08:00:00Z',
      readAt: null,
      archivedAt: null,
    });
    expect(await trayOf(app, student)).toEqual([]);
    expect(await unread(student)).toBe(0);
    expect(await unread()).toBe(2);
  });

  it('is filtered, and paged by page and by cursor while more comes', async () => {
    for (let n = 0; n < 5; n++) {
      app.clock.advance(1);
      await tell(line({ cause: `n${n}`, title: `n${n}`, priority: n % 2 ? 'low' : 'high', type: n === 0 ? 'system_alert' : 'report_ready' })); // prettier-ignore
    }
    const titles = async (query: string): Promise<string[]> => (await trayOf(app, instructor, query)).map(({ title }) => title); // prettier-ignore
    expect(await titles('&priority=low')).toEqual(['n3', 'n1']);
    expect(await titles('&type=system_alert,message_received')).toEqual(['n0']);
    const { body: first } = await app.as(instructor).get('/notifications?limit=2').expect(200);
    expect(first.pagination).toMatchObject({ total: 5, hasNext: true });
    await tell(line({ cause: 'late', title: 'late' }));
    await post(`${first.data[0].id}/read`).expect(200);
    const { body: second } = await app.as(instructor).get(`/notifications?limit=4&cursor=${first.pagination.nextCursor}`).expect(200); // prettier-ignore
    expect([...first.data, ...second.data].map(({ title }: { title: string }) => title)).toEqual(['n4', 'n3', 'n2', 'n1', 'n0']); // prettier-ignore
    expect(await titles('&unread=false')).toEqual(['n4']);
    await post(`${first.data[1].id}/archive`).expect(200);
    expect(await titles('&archived=true')).toEqual(['n3']);
    expect(await titles('')).toEqual(['late', 'n4', 'n2', 'n1', 'n0']);
    for (const query of ['type=rumour', 'priority=', 'unread=maybe', 'cursor=x']) {
      await app.as(instructor).get(`/notifications?${query}`).expect(400);
    }
  });

  it('answers 304 to who has seen it', async () => {
    await tell(line());
    for (const path of ['/notifications', '/notifications/unread-count']) {
      const { headers } = await app.as(instructor).get(path).expect(200);
      await app
        .as(instructor)
        .get(path)
        .set('if-none-match', headers['etag'] as string)
        .expect(304);
      await tell(line());
      await app
        .as(instructor)
        .get(path)
        .set('if-none-match', headers['etag'] as string)
        .expect(200);
    }
  });

  it('is nothing for services and operators', async () => {
    const operator = await createOperator(app.database);
    for (const client of [app.as('service', tenant), app.as(operator)]) {
      await client.get('/notifications').expect(403);
      await client.get('/notifications/unread-count').expect(403);
      await client.post('/notifications/read').send({}).expect(403);
    }
    await app.anonymous.get('/notifications').expect(401);
  });
});

describe('reading', () => {
  it('marks one, once, on record and with an event', async () => {
    await tell(line({ cause: 'a' }), line({ cause: 'b' }));
    const [one] = await trayOf(app, instructor);
    app.clock.advance(60);
    const { body } = await post(`${one!.id}/read`).expect(200);
    expect(body).toEqual({ ...one, readAt: '2026-03-02T08:01:00Z' });
    app.clock.advance(60);
    expect((await post(`${one!.id}/read`).expect(200)).body).toEqual(body);
    expect(await unread()).toBe(1);
    expect(await audited()).toEqual([{ action: 'notification.read', targetId: one!.id, after: null }]);
    const [, told, ...after] = await events();
    const notificationIds = (await trayOf(app, instructor)).map(({ id }) => id).reverse();
    expect(told).toEqual({ topic: 'notifications.told', key: notificationIds[0], payload: { notificationIds } });
    expect(after).toEqual([
      {
        topic: 'notifications.changed',
        key: instructor.userId,
        payload: { userId: instructor.userId, notificationIds: [one!.id] },
      },
    ]);
  });

  it('marks all of them, or what was shown', async () => {
    await tell(line({ cause: 'a' }), line({ cause: 'b', collapseKey: 'k' }));
    const until = (await trayOf(app, instructor))[0]!.updatedAt;
    app.clock.advance(1);
    await tell(line({ cause: 'c' }), line({ cause: 'd', collapseKey: 'k' }));
    expect((await post('read', { until }).expect(200)).body).toEqual({ unread: 2 });
    expect((await trayOf(app, instructor, '&unread=true')).map(({ count }) => count).sort()).toEqual([1, 2]);
    expect((await post('read').expect(200)).body).toEqual({ unread: 0 });
    expect((await post('read').expect(200)).body).toEqual({ unread: 0 });
    expect(await audited()).toMatchObject([{ after: { count: 1, until } }, { after: { count: 2 } }]);
    await post('read', { until: 'yesterday' }).expect(400);
  });

  it('puts away, which is reading, too', async () => {
    await tell(line({ collapseKey: 'k', cause: 'a' }));
    const [one] = await trayOf(app, instructor);
    const { body } = await post(`${one!.id}/archive`).expect(200);
    expect(body).toMatchObject({ readAt: start, archivedAt: start });
    expect((await post(`${one!.id}/archive`).expect(200)).body).toEqual(body);
    expect((await post(`${one!.id}/read`).expect(200)).body).toEqual(body);
    expect(await unread()).toBe(0);
    expect(await audited()).toMatchObject([{ action: 'notification.archived' }]);
    await tell(line({ collapseKey: 'k', cause: 'b' }));
    expect(await trayOf(app, instructor)).toMatchObject([{ count: 1, readAt: null }]);
  });

  it('finds nobody else’s', async () => {
    await tell(line());
    const [one] = await trayOf(app, instructor);
    const other = await createInstructor(app.database, await createTenant(app.database));
    for (const person of [student, other]) {
      await post(`${one!.id}/read`, {}, person).expect(404);
      await post(`${one!.id}/archive`, {}, person).expect(404);
      await post('read', {}, person).expect(200);
    }
    await post(`${uuidv7()}/read`).expect(404);
    await post('1/read').expect(400);
    expect(await unread()).toBe(1);
  });

  it('counts once what two mark at once', async () => {
    await tell(line({ cause: 'a' }), line({ cause: 'b' }));
    const [one] = await trayOf(app, instructor);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => post(`${one!.id}/read`)),
      ...Array.from({ length: 4 }, () => post('read')),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await unread()).toBe(0);
    const marked = (await audited()) as { after: { count: number } | null }[];
    expect(marked.reduce((sum, { after }) => sum + (after?.count ?? 1), 0)).toBe(2);
  });
});

describe('time', () => {
  it('hides what has expired, and begins its line anew', async () => {
    await tell(line({ cause: 'a', collapseKey: 'k', expiresAt: new Date('2026-03-02T09:00:00Z') }));
    app.clock.set('2026-03-02T09:00:00Z');
    const { rows } = { rows: await trayOf(app, instructor) };
    expect([rows, await unread()]).toEqual([[], 0]);
    await tell(line({ cause: 'b', collapseKey: 'k' }));
    expect(await trayOf(app, instructor)).toMatchObject([{ count: 1, createdAt: '2026-03-02T09:00:00Z' }]);
    app.clock.set('2026-03-20T00:00:00Z');
    const [gone] = await app.database.many<{ id: string }>(
      `-- test.anyNotification
      select id from notifications where tenant_id = $1`,
      [tenant.tenantId],
    );
    await post(`${gone!.id}/read`).expect(404);
  });
});

it('counts as unread what the list shows as unread, whatever happens', async () => {
  const key = fc.constantFrom('k', 'l', undefined);
  const step = fc.oneof(
    fc.record({ do: fc.constant('tell' as const), collapseKey: key, hours: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ do: fc.constantFrom('read' as const, 'archive' as const), nth: fc.nat(5) }),
    fc.record({ do: fc.constant('readAll' as const), back: fc.nat(4) }),
    fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 4 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14 }), async (steps) => {
      const person = await createInstructor(app.database, tenant);
      app.clock.set(start);
      const later = (hours: number): Date => new Date(app.clock.now().getTime() + hours * 3_600_000);
      for (const one of steps) {
        if (one.do === 'tell') {
          const { collapseKey, hours } = one;
          await tell(line({ userId: person.userId, collapseKey, expiresAt: later(hours) }));
        } else if (one.do === 'wait') app.clock.advance(one.hours * 3_600);
        else if (one.do === 'readAll')
          await post('read', { until: later(-one.back).toISOString() }, person).expect(200);
        else {
          const rows = await trayOf(app, person);
          const row: NotificationResponse | undefined = rows[one.nth];
          if (row) await post(`${row.id}/${one.do}`, {}, person).expect(200);
        }
        const shown = await trayOf(app, person, '&unread=true');
        expect(await unread(person)).toBe(shown.length);
      }
    }),
    { numRuns: 12 },
  );
});

it('reads a tray of a thousand by its indexes', async () => {
  await app.database.run(
    `-- test.fillTrays
    insert into notifications (tenant_id, id, user_id, type, priority, title, body, cause, collapse_key, count,
      created_at, updated_at, expires_at, read_at)
    select $1, gen_random_uuid(), person.id, 'report_ready', 'normal', 'Ready', 'Ready', n::text, n::text, 1, at, at,
      at + interval '90 days', case when n % 10 > 0 then at end
    from unnest($2::uuid[]) as person (id), generate_series(1, 1000) n,
      lateral (select timestamptz '2026-02-01' + n * interval '1 minute') as moment (at)`,
    [tenant.tenantId, [instructor.userId, student.userId]],
  );
  await app.database.run('-- test.analyzeTrays\nvacuum analyze notifications');
  const sent = await sentDuring(async () => {
    const { body } = await app.as(instructor).get('/notifications').expect(200);
    await app.as(instructor).get(`/notifications?cursor=${body.pagination.nextCursor}`).expect(200);
    expect(await unread()).toBe(100);
  });
  const indexes: Record<string, string[]> = {};
  for (const one of sent.filter(({ name }) => /^notifications\.(list|countUnread)$/.test(name))) {
    const steps = stepsOf(await planOf(app.db.source, one));
    expect(steps.map((step) => step['Node Type'])).not.toContain('Seq Scan');
    indexes[one.name] = steps.flatMap((step) => step['Index Name'] ?? []);
  }
  expect(indexes).toEqual({
    'notifications.list': ['notifications__user_idx'],
    'notifications.countUnread': ['notifications__unread_key'],
  });
});
