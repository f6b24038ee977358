import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { withServices } from '../src/import-process.js';
import { OuladImport } from '../src/imports/oulad-import.js';
import { localDay } from '../src/org/local-day.js';
import { checkOulad } from '../test/oulad-check.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * Imports an extract of OULAD into a database of its own, and compares everything that analytics say of it with its
 * files: `npm run analytics:check -- <folder> [--as-of-day 268]`. Ends with 1 where anything differs.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'as-of-day': { type: 'string', default: '268' } },
});
const folder = resolve(positionals[0] ?? 'data/demo/oulad/ddd-2013b');
const asOfDay = Number(values['as-of-day']);

await mkdir('.data', { recursive: true });
const dataDir = await mkdtemp(resolve('.data/analytics-check-'));
// it is the figures that are looked at, on a machine that may have other things to do
const patience = '60';
const config = readConfig({
  DATA_DIR: dataDir,
  PORT: '0',
  LOG_LEVEL: 'error',
  CACHE: 'off',
  REQUEST_TIMEOUT_SECONDS: patience,
});
const server = await openServer(config, () => undefined);
const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(0);
try {
  await bringUpToDate(server, () => undefined);
  let began = performance.now();
  const [result] = await withServices(config, server, (services) =>
    services.get(OuladImport, { strict: false }).run({ folder, asOfDay }),
  );
  const { tenant, students, accepted } = result!;
  console.log(`${students} students and ${accepted} sessions imported and added up in ${secondsSince(began)} s`);
  const today = localDay(tenant.timeZone, new Date());

  const options = {
    poolSize: 10,
    pooler: false,
    applicationName: 'check',
    statementTimeoutSeconds: Number(patience),
  };
  const source = await connect({ ...options, url: server.ownerUrl }, console.log);
  await source.query('analyze');
  const departments = await new Database(source, { prepared: false }).many<{ id: string; code: string }>(
    `-- test.listPresentations
    select id, code from departments where tenant_id = $1 and parent_id is not null order by code`,
    [tenant.id],
  );
  const app = await createApp(config, { source });
  await app.init();
  const admin = { tenantId: tenant.id, userId: tenant.id, role: 'admin', departmentId: null } as const;
  const token = app.get(TokensService).sign(admin, { kind: 'identity' }, 3_600);
  const slow: { path: string; ms: number }[] = [];
  const ask = async <T>(path: string): Promise<T> => {
    const asked = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await app.inject({ method: 'GET', url: `/api/v1${path}`, headers });
    if (statusCode !== 200) throw new Error(`${path}: ${body}`);
    slow.push({ path, ms: Math.round(performance.now() - asked) });
    return JSON.parse(body) as T;
  };
  began = performance.now();
  const { sessions, compared, differences } = await checkOulad(folder, { asOfDay, today }, ask, departments);
  console.log(`${sessions} sessions in the files; compared in ${secondsSince(began)} s:`);
  console.table(compared);
  console.table(slow.toSorted((a, b) => b.ms - a.ms).slice(0, 5));
  for (const difference of differences.slice(0, 20)) console.log(difference);
  console.log(`${differences.length} differences, ${sessions - accepted} sessions missing`);
  process.exitCode = differences.length === 0 && sessions === accepted ? 0 : 1;
  await app.close();
  await source.destroy().catch(() => undefined);
} finally {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}
