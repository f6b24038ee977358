import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { keyFileOf } from '../src/auth/key-file.js';
import { openSigningKeys } from '../src/auth/signing-keys.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import type { DownloadLink, ReportResponse } from '../src/reports/reports.dto.js';
import { adminIdOf, createTenant } from '../test/factories.js';
import { startApi } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * How much memory the largest reports take: of the job process that writes them, a new one for each format, and of the
 * API process that they are downloaded from. Fails when any of them was ever larger than the limit.
 */
const limitMb = 300;
const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, formats: { type: 'string', default: 'csv,jsonl,xlsx,pdf' } },
});
const rows = Number(options.rows);

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-reports');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'silent', CACHE: 'off' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 4, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 0 },
  console.log,
);
const database = new Database(source, { prepared: false });

const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
// straight into the table that the report reads, without what triggers make of every single one
await database.transaction(async () => {
  await database.run('-- bench.withoutTriggers\nset local session_replication_role = replica');
  await database.run(
    `-- bench.insertStudents
    insert into student_progress (tenant_id, student_id, department_id, name, email, pid, is_active, joined_on,
      has_started, sessions_completed, overall_score, completion_rate, quiz_accuracy, last_active_on, last_active_at,
      risk_score, risk_threshold, top_performer_threshold)
    select $1, gen_random_uuid(), $2, 'Student of a usual name ' || n, 'student-' || n || '@example.org', 'P-' || n, true,
      '2025-09-01', true, n % 97, n % 10001 / 100.0, n % 101, n % 9973 / 100.0, '2026-03-01', '2026-03-01T08:41:00Z',
      n % 9001 / 100.0, 70, 85
    from generate_series(1, $3::integer) n`,
    [tenant.tenantId, tenant.departmentId, rows],
  );
});
await source.query('vacuum analyze student_progress');

const tokens = new TokensService(await openSigningKeys(config, new Clock()), config, new Clock());
const admin = { tenantId: tenant.tenantId, userId: adminIdOf(tenant), role: 'admin', departmentId: null } as const;
const headers = {
  authorization: `Bearer ${tokens.sign(admin, { kind: 'identity' }, 86_400)}`,
  'content-type': 'application/json',
};
const environment = {
  DATA_DIR: dataDir,
  DATABASE_URL: server.url,
  DATABASE_OWNER_URL: server.ownerUrl,
  JWT_KEYS_FILE: keyFileOf(config),
  LOG_LEVEL: 'error',
  CACHE: 'off',
};
const api = await startApi(environment);

async function call<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(`${api.url}${path}`, {
    headers,
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

const startWorker = (): ChildProcess =>
  fork('dist/src/worker.js', {
    // or it would have the loader of the bench, in a thread of its own
    execArgv: [],
    env: { ...process.env, ...environment, NODE_ENV: 'production', DRAIN_SECONDS: '0' },
  });
/** The most that a process ever had, in MB; of the resident set. */
const mostOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function downloaded(id: string): Promise<{ bytes: number; seconds: number }> {
  const { url } = await call<DownloadLink>(`/api/v1/reports/${id}/download-link`);
  const begun = performance.now();
  const answer = await fetch(`${api.url}${url}`);
  let bytes = 0;
  for await (const part of answer.body!) bytes += (part as Uint8Array).length;
  return { bytes, seconds: (performance.now() - begun) / 1000 };
}

let worst = 0;
for (const format of options.formats.split(',')) {
  const worker = startWorker();
  // what a process takes that does nothing
  await sleep(5_000);
  const idle = mostOf(worker.pid!);
  const begun = performance.now();
  const { id } = await call<ReportResponse>('/api/v1/reports', { kind: 'roster', format });
  let report: ReportResponse;
  do {
    await sleep(250);
    report = await call<ReportResponse>(`/api/v1/reports/${id}`);
  } while (report.status === 'queued' || report.status === 'running');
  const seconds = (performance.now() - begun) / 1000;
  const most = mostOf(worker.pid!);
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  const file = report.status === 'ready' ? await downloaded(id) : { bytes: 0, seconds: 0 };
  worst = Math.max(worst, most, mostOf(api.pid), report.status === 'ready' ? 0 : Infinity);
  console.log(
    `${format}: ${report.status}, ${report.rows} rows, ${(report.bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, ` +
      `worker at most ${most.toFixed(0)} MB (idle ${idle.toFixed(0)}); ${(file.bytes / 1e6).toFixed(1)} MB downloaded in ${file.seconds.toFixed(1)} s, ` +
      `API at most ${mostOf(api.pid).toFixed(0)} MB${report.error ? `; ${report.error}` : ''}`,
  );
}
api.stop();
await source.destroy();
await server.stop();
if (worst > limitMb) {
  console.error(`more than ${limitMb} MB`);
  process.exitCode = 1;
}
