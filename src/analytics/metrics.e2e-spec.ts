import { readFileSync } from 'node:fs';
import type { OpenAPIObject } from '@nestjs/swagger';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createOperator, createStudent, createTenant, type Member } from '../../test/factories.js';
import { answerFields } from '../http/openapi-numbers.js';
import type { MetricResponse } from './metrics.dto.js';

let app: TestApp;
let instructor: Member;

beforeAll(async () => {
  app = await startApp();
  instructor = await createInstructor(app.database, await createTenant(app.database));
});

afterAll(() => app.stop());

it('says of every number of the document what it means, and where it is shown', async () => {
  const { body } = (await app.as(instructor).get('/metrics').expect(200)) as { body: MetricResponse[] };
  const { numbers } = answerFields(JSON.parse(readFileSync('openapi.json', 'utf8')) as OpenAPIObject);
  const key = ({ schema, field }: { schema: string; field: string }): string => `${schema}.${field}`;
  expect(body.flatMap(({ shownIn }) => shownIn.map(key)).sort()).toEqual(numbers.map(key).sort());
  expect(body.find(({ id }) => id === 'consistencyScore')).toEqual({
    id: 'consistencyScore',
    version: 1,
    title: 'Consistency',
    unit: 'percent',
    meaning: 'How regularly a student practises.',
    formula: 'local days with a completed session of the last 28 ÷ 28 × 100',
    shownIn: [
      { schema: 'StudentRow', field: 'consistencyScore', operationIds: ['dashboardDashboard', 'studentsList'] },
      { schema: 'StudentDetail', field: 'consistencyScore', operationIds: ['studentsDetail'] },
    ],
  });
});

it('is the same bytes for everybody in a tenant, and is not sent twice', async () => {
  const first = await app.as(instructor).get('/metrics').expect(200);
  const second = await app
    .as(await createStudent(app.database, instructor))
    .get('/metrics')
    .expect(200);
  expect(second.headers['etag']).toBe(first.headers['etag']);
  await app.as(instructor).get('/metrics').set('if-none-match', first.headers['etag']!).expect(304);
});

it('is not for who is not signed in, nor for operators', async () => {
  await app.anonymous.get('/metrics').expect(401);
  await app
    .as(await createOperator(app.database))
    .get('/metrics')
    .expect(403);
});
