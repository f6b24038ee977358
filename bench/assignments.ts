import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { createApp } from '../src/app.js';
import { AttemptsRepository } from '../src/assignments/attempts.repository.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import type { Viewer } from '../src/http/viewer.js';
import { createAdmin, createInstructor, createStudents, createTenant } from '../test/factories.js';
import { createAssignment, handOut } from '../test/factories.assignments.js';
import { noLimits } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * What it takes to hand an assignment out to everybody, and what many take who submit at once, beside the one statement
 * in each that does the work. Ours and bare take turns; medians of the rounds.
 */
const { values: options } = parseArgs({
  options: {
    students: { type: 'string', default: '10000' },
    writers: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '5' },
  },
});
const [rounds, writers] = [Number(options.rounds), Number(options.writers)];

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, ...noLimits, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 10, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 60 },
  console.log,
);
const database = new Database(source, { prepared: true });
const app = await createApp(config, { source, listen: true });
const url = `${await app.getUrl()}/api/v1`;
const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
const { tenantId } = tenant;
const admin = await createAdmin(database, tenant, { email: 'bench@example.org' });
const students = await createStudents(
  database,
  await createInstructor(database, tenant),
  Array.from({ length: Number(options.students) }, () => ({})),
);
await source.query('analyze users, student_progress');
const tokens = new Map<string, string>();

async function post(viewer: Viewer, path: string, body: object): Promise<Record<string, unknown>> {
  const key = viewer.userId;
  if (!tokens.has(key)) tokens.set(key, app.get(TokensService).sign(viewer, { kind: 'identity' }, 86_400));
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get(key)}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

const times = new Map<string, number[]>();

async function measure<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
  return result;
}

const ids = students.map(({ userId }) => userId);
for (let round = 0; round < rounds; round++) {
  const [ours, bare] = [await createAssignment(database, tenant), await createAssignment(database, tenant)];
  const path = `/assignments/${ours.assignmentId}/hand-outs`;
  const all = `hand out to ${ids.length}`;
  const { given } = await measure(all, () => post(admin, path, { studentIds: ids }));
  if (given !== ids.length) throw new Error(`given to ${String(given)}`);
  // as autovacuum does a little later
  await source.query('analyze assignments, submissions');
  await measure(`${all}, who have it`, () => post(admin, path, { studentIds: ids }));
  await measure(`${all}: bare insert`, () =>
    database.run(
      `-- bench.giveWork
      insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at)
      select $1, $2, id, $4, $4 from unnest($3::uuid[]) as given (id)`,
      [tenantId, bare.assignmentId, ids, new Date()],
    ),
  );
}

for (let round = 0; round < rounds; round++) {
  const those = students.slice(0, writers);
  const [ours, bare] = [await createAssignment(database, tenant), await createAssignment(database, tenant)];
  await handOut(database, ours, those);
  await handOut(database, bare, those);
  const begun: [Viewer, string][] = [];
  for (const student of those) {
    const { id } = await post(student, '/attempts', { assignmentId: ours.assignmentId });
    begun.push([student, id as string]);
  }
  await measure(`${writers} submit at once, all`, () =>
    Promise.all(
      begun.map(([student, id]) =>
        measure(`${writers} submit at once, each`, () => post(student, `/attempts/${id}/submit`, {})),
      ),
    ),
  );
  const attempts = new AttemptsRepository(database);
  const open = those.map(({ userId: studentId }) => ({
    id: uuidv7(),
    assignmentId: bare.assignmentId,
    studentId,
    source: 'student',
  }));
  for (const attempt of open) await attempts.insert(tenantId, attempt, new Date());
  await measure(`${writers} submit at once, all: bare update`, () =>
    Promise.all(
      open.map(({ id }) =>
        measure(`${writers} submit at once, each: bare update`, () => attempts.submit(tenantId, id, null, new Date())),
      ),
    ),
  );
}

const at = (sorted: readonly number[], share: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
console.table(
  Object.fromEntries(
    [...times].map(([name, list]) => {
      const sorted = list.toSorted((a, b) => a - b);
      return [name, { n: list.length, 'p50 ms': at(sorted, 0.5), 'p95 ms': at(sorted, 0.95) }];
    }),
  ),
);
await app.close();
await source.destroy();
await server.stop();
