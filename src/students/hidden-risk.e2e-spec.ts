import { get } from 'node:http';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { createEvaluation } from '../../test/factories.risk.js';
import { readOperations } from '../../test/isolation/caller.js';
import { permissions } from '../auth/permissions.js';
import { Publisher } from '../live/publisher.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;
const score = 93.17;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
  const module = await createModule(app.database, await createCategory(app.database, tenant));
  await app
    .as(student)
    .post('/activity/sessions')
    .send({ sessions: [sessionBody(module)] })
    .expect(200);
  await createEvaluation(app.database, student, { day: '2026-03-01', score });
  await app.database.run(
    `-- test.setRisk
    update student_progress set risk_score = $2, risk_day = '2026-03-01', risk_announced_band = 'critical'
    where tenant_id = $1`,
    [student.tenantId, score],
  );
});
afterAll(() => app.stop());

const show = (studentsSeeRisk: boolean) =>
  app.as('admin', tenant).patch('/settings').send({ studentsSeeRisk }).expect(200);
const told = /93\.17|"critical"|atRisk"?:\s*1|"atRisk"|student_at_risk/;
const happening = (): Promise<unknown> =>
  app.app.get(Publisher, { strict: false }).publish([
    {
      id: 1,
      tenantId: student.tenantId,
      topic: 'risk.band-changed',
      key: student.userId,
      payload: { studentId: student.userId, from: 'low', to: 'critical', score },
    } as never,
  ]);
/** A stream does not end by itself. */
function read(path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${app.token(student)}` };
    const request = get(`${app.url}${path}`, { headers }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      const end = (): void => resolve({ status: response.statusCode!, text });
      response.on('end', end);
      if (!/event-stream/.test(String(response.headers['content-type']))) return;
      setTimeout(() => {
        end();
        request.destroy();
      }, 1_000).unref();
    });
    request.on('error', reject);
  });
}

it('shows students their risk where their organisation says so, which is so unless told', async () => {
  const { body } = await app.as(student).get(`/students/${student.userId}`).expect(200);
  expect(body).toMatchObject({ riskScore: score, riskBand: 'critical', badge: 'atRisk' });
});

it('shows them none of it in any answer where it does not', async () => {
  const before = await app.as(student).get(`/students/${student.userId}`).expect(200);
  await show(false);
  const reads = readOperations().filter(
    ({ method, permission }) =>
      method === 'GET' &&
      (permission === null ||
        (permissions[permission as keyof typeof permissions] as readonly string[]).includes('student')),
  );
  expect(reads.length).toBeGreaterThan(20);
  const statuses: number[] = [];
  for (const { id, path } of reads) {
    if (id === 'liveListen') continue;
    const { status, text } = await read(path.replace(/\{\w+\}/g, student.userId));
    statuses.push(status);
    // what it is called is no secret, only that it is somebody's
    if (id.startsWith('metrics')) continue;
    expect(text.match(told)?.[0] && `${id}: ${text.slice(0, 300)}`).toBeUndefined();
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(12);
  const { body } = await app
    .as(student)
    .get(`/students/${student.userId}`)
    .set('if-none-match', before.headers['etag'] as string)
    .expect(200);
  expect(body).toMatchObject({ riskScore: null, riskBand: null, badge: 'active' });
  const list = await app.as(student).get('/students').expect(200);
  expect(list.body.data).toMatchObject([{ riskScore: null, riskBand: null, badge: 'active' }]);
});

it('says it by no filter, order or stream either', async () => {
  await show(false);
  for (const query of [{ band: 'critical' }, { status: 'atRisk' }, { sort: 'risk' }]) {
    const { body } = await app.as(student).get('/students').query(query).expect(403);
    expect(body.code).toBe('risk_hidden');
  }
  const live = readOperations().find(({ id }) => id === 'liveListen')!;
  const listening = read(live.path);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await happening();
  const { status, text } = await listening;
  expect([status, told.test(text)]).toEqual([200, false]);
  await app.as(student).get(`/students/${student.userId}/risk`).expect(403);
});

it('goes on showing it to those who teach', async () => {
  await show(false);
  const { body } = await app.as(instructor).get(`/students/${student.userId}`).expect(200);
  expect(body).toMatchObject({ riskScore: score, riskBand: 'critical', badge: 'atRisk' });
  await show(true);
  const own = await app.as(student).get(`/students/${student.userId}`).expect(200);
  expect(own.body).toMatchObject({ riskScore: score });
});
