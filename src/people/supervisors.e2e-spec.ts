import { startApp, type TestApp } from '../../test/app.js';
import { createDepartment, createInstructor, createTenant } from '../../test/factories.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

it('lets no service take over who sees more than a roster', async () => {
  const tenant = await createTenant(app.database);
  const admin = app.as('admin', tenant);
  const service = app.as('service', tenant);
  const supervisor = await createInstructor(app.database, tenant, { canViewAll: true, pid: 'P-9' });
  const { departmentId } = await createDepartment(app.database, tenant);
  const { body: elsewhere } = await admin.get(`/departments/${departmentId}`);
  const path = `/users/${supervisor.userId}`;
  for (const change of [
    { email: 'mallory@example.org' },
    { pid: 'P-8' },
    { phone: '+441632960123' },
    { departmentId },
  ]) {
    await service.patch(path).send(change).expect(403);
  }
  const file = async (columns: string, cells: string): Promise<{ body: { results: object[] } }> =>
    service.post('/users/imports').type('text/csv').send(`role,name,${columns}\ninstructor,Ida Berg,${cells}\n`);
  for (const [columns, cells, column] of [
    ['pid,email', 'P-9,mallory@example.org', 'email'],
    ['pid,email', `P-8,${supervisor.email}`, 'pid'],
    ['pid,phone', 'P-9,+441632960123', 'phone'],
    ['pid,department', `P-9,${(elsewhere as { code: string }).code}`, 'department'],
  ] as const) {
    const errors = [{ column, code: 'permission_denied' }];
    expect((await file(columns, cells)).body.results).toMatchObject([{ status: 'failed', errors }]);
  }
  expect((await file('pid', 'P-9')).body.results).toMatchObject([{ status: 'updated' }]);
  await service.patch(path).send({ name: 'Ida B. Berg' }).expect(200);
  await admin.patch(path).send({ email: 'ida@example.org' }).expect(200);
  await service.post(`${path}/deactivate`).expect(200);
});
