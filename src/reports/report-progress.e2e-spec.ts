import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createTenant, type Member } from '../../test/factories.js';
import { ReportFilesRepository } from './report-files.repository.js';
import { ReportOptions } from './report-options.js';
import { FileLost, ReportStore } from './report-store.js';
import { ReportsRepository } from './reports.repository.js';

let app: TestApp;
let instructor: Member;

beforeAll(async () => {
  app = await startApp();
  instructor = await createInstructor(app.database, await createTenant(app.database));
});
afterAll(() => app.stop());

const told = (key: string): Promise<{ topic: string; payload: object }[]> =>
  app.database.many(
    `-- test.toldOfReport
    select topic, payload from outbox where tenant_id = $1 and key = $2 order by id`,
    [instructor.tenantId, key],
  );

it('tells whoever waits for a file of each tenth that it reaches, once, and that it is ready', async () => {
  const files = app.app.get(ReportFilesRepository, { strict: false });
  const store = app.app.get(ReportStore, { strict: false });
  const [id, reportId, { tenantId }] = [uuidv7(), uuidv7(), instructor];
  const content = {
    kind: 'roster',
    format: 'jsonl',
    options: new ReportOptions(),
    filter: {},
    viewer: instructor,
  } as const;
  await files.insert(tenantId, { ...content, id, digest: id }, app.clock.now());
  const asked = { id: reportId, fileId: id, scheduleId: null };
  await app.app.get(ReportsRepository, { strict: false }).insert(instructor, asked, app.clock.now());
  const file = (await files.begin(tenantId, id, 'test', app.clock.now()))!;
  const part = { content: Buffer.from('{}\n'), position: 'x', total: 200 };
  // of 200 rows: 4, 9, 10, 19, 20, 59 and 99 per cent
  for (const rows of [8, 18, 20, 38, 40, 119, 199]) await store.add(file, { ...part, rows, isLast: false });
  await store.add(file, { ...part, rows: 200, position: null, isLast: true });
  const of = { fileId: id, reportIds: [reportId] };
  expect(await told(id)).toEqual([
    ...[10, 20, 50, 90].map((percent) => ({ topic: 'reports.progressed', payload: { ...of, percent } })),
    { topic: 'reports.ready', payload: of },
  ]);
  // of an attempt that has lost the file nothing is told
  await expect(store.add(file, { ...part, rows: 200, isLast: false })).rejects.toThrow(FileLost);
  expect(await told(id)).toHaveLength(5);
});
