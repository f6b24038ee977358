import { startApp, type TestApp } from '../../../test/app.js';
import { createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, sessionBody } from '../../../test/factories.js'; // prettier-ignore
import { figure, rowsOf, summaryOf } from '../../../test/report-kinds.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('departments', () => {
  it('have what is their own and that of all below, counted once', async () => {
    const tenant = await createTenant(app.database);
    const north = await createDepartment(app.database, tenant, { name: 'North' });
    const pier = await createDepartment(app.database, north, { name: 'Pier' });
    const south = await createDepartment(app.database, tenant, { name: 'South' });
    const head = await createInstructor(app.database, north, { canViewAll: true });
    const [inNorth, inPier, inSouth] = await Promise.all([
      createStudents(app.database, await createInstructor(app.database, north), [{}, {}]),
      createStudents(app.database, await createInstructor(app.database, pier), [{}, {}, {}]),
      createStudents(app.database, await createInstructor(app.database, south), [{}]),
    ]);
    const module = await createModule(app.database, await createCategory(app.database, tenant));
    const sessions = [
      [inNorth[0]!, 80],
      [inPier[0]!, 60],
      [inPier[1]!, 40],
      [inSouth[0]!, 100],
    ] as const;
    await app
      .as('service', tenant)
      .post('/activity/sessions')
      .send({
        sessions: sessions.map(([{ userId: studentId }, score]) =>
          sessionBody(module, {
            studentId,
            startedAt: '2026-03-01T06:00:00Z',
            completedAt: '2026-03-01T06:10:00Z',
            score,
          }),
        ),
      })
      .expect(200);
    const admins = { tenantId: tenant.tenantId, userId: tenant.tenantId, role: 'admin', departmentId: null } as const;
    const rows = await rowsOf(app, admins, 'departments');
    expect(
      rows.map(({ path, totalStudents, ownStudents, totalActive, totalAverageScore }) => [
        path,
        totalStudents,
        ownStudents,
        totalActive,
        totalAverageScore,
      ]),
    ).toEqual([
      ['All', 6, 0, 4, 70],
      ['All / North', 5, 2, 3, 60],
      ['All / North / Pier', 3, 3, 2, 50],
      ['All / South', 1, 1, 1, 100],
    ]);
    expect(rows[0]).toMatchObject({ ownAverageScore: null, ownSessionsCompleted: 0, totalSessionsCompleted: 4 });
    // what lies above is nothing of theirs, but says where they are
    const theirs = await rowsOf(app, head, 'departments');
    expect(theirs.map(({ path, totalStudents }) => [path, totalStudents])).toEqual([
      ['All', 5],
      ['All / North', 5],
      ['All / North / Pier', 3],
    ]);
    expect(await rowsOf(app, admins, 'departments', { departmentId: pier.departmentId })).toHaveLength(1);
    const before = await rowsOf(app, admins, 'departments', { from: '2026-02-01', to: '2026-02-28' });
    expect(before[0]).toMatchObject({ totalStudents: 6, totalSessionsCompleted: 0, totalAverageScore: null });
    expect(figure(await summaryOf(app, admins, 'departments'), 'Students')).toBe('6');
  });

  it('are not for who may not see people', async () => {
    const tenant = await createTenant(app.database);
    const ask = (scopes: readonly string[]) =>
      app.database
        .run('-- test.setScopes\nupdate services set scopes = $2 where tenant_id = $1', [tenant.tenantId, scopes])
        .then(() => app.as('service', tenant).post('/reports').send({ kind: 'departments', format: 'csv' }));
    const fewer = await ask(['analytics:read', 'reports:read', 'reports:write']);
    expect(fewer.status).toBe(403);
    expect(fewer.body.detail).toBe('This needs the permission students:read.');
    expect((await ask(['students:read', 'reports:read', 'reports:write'])).status).toBe(403);
    expect((await ask(['analytics:read', 'students:read', 'reports:read', 'reports:write'])).status).toBe(202);
  });
});
