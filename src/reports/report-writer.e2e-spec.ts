import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { createDataSource } from '../../ormconfig.js';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createTenant, type Member } from '../../test/factories.js';
import { Database } from '../database/database.js';
import { TenantsService } from '../org/tenants.service.js';
import { ReportFilesRepository } from './report-files.repository.js';
import type { ReportFormat, ReportKind } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';
import { ReportOptions } from './report-options.js';
import { ReportQuestions } from './report-questions.js';
import { ReportStore } from './report-store.js';
import { ReportWriter } from './report-writer.js';

jest.setTimeout(90_000);

let app: TestApp;
let source: DataSource;
/** With the product's own limits. */
let database: Database;
let instructor: Member;

beforeAll(async () => {
  app = await startApp();
  instructor = await createInstructor(app.database, await createTenant(app.database));
  source = await createDataSource({
    url: app.db.applicationUrl,
    poolSize: 2,
    pooler: false,
    applicationName: 'writer',
  }).initialize();
  database = new Database(source, { prepared: true });
});
afterAll(async () => {
  await source.destroy();
  await app.stop();
});

const sleep = (seconds: number): Promise<number> =>
  database.run(`-- test.sleep\nselect pg_sleep($1::double precision)`, [seconds]);

/** Of three pages with a row each, longer in being read than a request may be. */
const slow: ReportKind = {
  name: 'roster',
  title: 'Slow',
  permissions: [],
  columns: () => Promise.resolve([{ name: 'number', title: 'Number' }]),
  filterMeant: () => Promise.resolve({}),
  count: () => sleep(30),
  page: async (_, position) => {
    const number = Number(position ?? 0);
    if (number === 1) await sleep(5);
    return { rows: [[number]], position: number === 2 ? null : String(number + 1) };
  },
  summary: async () => {
    await sleep(5);
    return { title: 'Slow', figures: [], charts: [] };
  },
};

it.each<ReportFormat>(['jsonl', 'pdf'])(
  'writes as %s what takes long, without a count where there is none in time',
  async (format) => {
    const files = app.app.get(ReportFilesRepository, { strict: false });
    const store = app.app.get(ReportStore, { strict: false });
    const tenants = app.app.get(TenantsService, { strict: false });
    const writer = new ReportWriter(new ReportQuestions(new ReportKinds([slow]), tenants, files), store, database);
    const [id, { tenantId }] = [uuidv7(), instructor];
    const content = { kind: 'roster', format, options: new ReportOptions(), filter: {}, viewer: instructor } as const;
    await files.insert(tenantId, { ...content, id, digest: id }, app.clock.now());
    const file = await files.begin(tenantId, id, 'test', app.clock.now());
    expect(await writer.write(file!, new AbortController().signal)).toBe(3);
    const stored = await app.database.one(
      `-- test.storedFile
    select status, progress, rows from report_files where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    expect(stored).toEqual({ status: 'ready', progress: 100, rows: 3 });
  },
);
