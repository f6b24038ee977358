import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createOperator, createStudents, createTenant, type Member } from '../../test/factories.js';
import { WarmUp } from './warm-up.js';

let app: TestApp;
let here: Member, large: Member, small: Member, gone: Member; // prettier-ignore

beforeAll(async () => {
  app = await startApp({ environment: { WARM_UP_DASHBOARDS: '2' } });
  const north = await createTenant(app.database);
  small = await createInstructor(app.database, north);
  large = await createInstructor(app.database, await createTenant(app.database));
  here = await createInstructor(app.database, north);
  gone = await createInstructor(app.database, north, { isActive: false });
  await createStudents(app.database, small, [{}]);
  await createStudents(app.database, large, [{}, {}]);
  for (const { tenantId, userId } of [here, gone]) {
    await app.database.run(
      `-- test.insertSignIn
      insert into sign_ins (tenant_id, id, user_id, created_at, last_used_at, expires_at)
      values ($1, $2, $2, '2026-03-01', '2026-03-02', '2026-04-01')`,
      [tenantId, userId],
    );
  }
});

afterAll(() => app.stop());

it('makes the dashboards of who was there last, then of the largest rosters, and no more than told', async () => {
  expect(await app.app.get(WarmUp, { strict: false }).start()).toBe(2);
  const read = async (): Promise<{ hits: number; misses: number }> => {
    const { body } = await app
      .as(await createOperator(app.database))
      .get('/cache')
      .expect(200);
    return (body as { values: { name: string; hits: number; misses: number }[] }).values.find(
      ({ name }) => name === 'analytics.dashboard',
    )!;
  };
  expect(await read()).toMatchObject({ hits: 0, misses: 2 });
  await app.as(here).get('/dashboard').expect(200);
  await app.as(large).get('/dashboard').expect(200);
  expect(await read()).toMatchObject({ hits: 2, misses: 2 });
  await app.as(small).get('/dashboard').expect(200);
  expect(await read()).toMatchObject({ hits: 2, misses: 3 });
});

it('is left out where nothing is kept, or nobody wants it', async () => {
  for (const [name, value] of [
    ['CACHE', 'off'],
    ['WARM_UP_DASHBOARDS', '0'],
  ] as const) {
    const other = await startApp({ db: app.db, environment: { [name]: value } });
    expect(await other.app.get(WarmUp, { strict: false }).start()).toBe(0);
    await other.stop();
  }
});
