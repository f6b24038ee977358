import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import type { MessageDetail } from '../src/messaging/messages.dto.js';
import { createAdmin, createInstructor, createStudents, createTenant } from '../test/factories.js';
import { createAssignment, handOut } from '../test/factories.assignments.js';
import { noLimits } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/** How long a message takes to be accepted, to reach everybody, and to be in everybody's tray, API and worker being one process. */
const { values: options } = parseArgs({
  options: { recipients: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '5' } },
});
const limits = { acceptedMs: 500, perSecond: 2_000 };
const count = Number(options.recipients);

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, ...noLimits, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 10, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 60 },
  console.log,
);
const database = new Database(source, { prepared: true });
const app = await createApp(config, { source, listen: true, worker: true });
const url = `${await app.getUrl()}/api/v1`;
const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
const admin = await createAdmin(database, tenant);
const instructor = await createInstructor(database, tenant);
const students = await createStudents(database, instructor, Array(count).fill({}));
const assignment = await createAssignment(database, instructor, { dueAt: '2027-01-01T12:00:00Z' });
await handOut(database, assignment, students);
await source.query('analyze users, student_progress, submissions');

const headers = {
  authorization: `Bearer ${app.get(TokensService).sign(admin, { kind: 'identity' }, 86_400)}`,
  'content-type': 'application/json',
};
async function call<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(`${url}${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function countTold(messageId: string): Promise<number> {
  const { told } = await database.one<{ told: number }>(
    `-- bench.countTold
    select count(*) as told from notification_causes where tenant_id = $1 and cause = 'message:' || $2`,
    [tenant.tenantId, messageId],
  );
  return told;
}

const texts = {
  'without variables': { subject: 'Hello', body: 'How are you?' },
  'with variables': {
    subject: 'About {{assignment.title}}',
    body: 'Hello {{firstName}}, it is due on {{assignment.dueAt}}.',
    assignmentId: assignment.assignmentId,
  },
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
let failed = false;
for (const [name, text] of Object.entries(texts)) {
  const [accepted, rates, told]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < Number(options.rounds); round++) {
    const begun = performance.now();
    const { id } = await call<MessageDetail>('/messages', { ...text, to: { filter: {} } });
    const answered = performance.now();
    while ((await call<MessageDetail>(`/messages/${id}`)).status === 'sending') await sleep(50);
    const over = performance.now();
    const isTold = async (): Promise<boolean> => (await countTold(id)) === count;
    while (!(await isTold())) await sleep(100);
    told.push((performance.now() - answered) / 1000);
    const { states } = await call<MessageDetail>(`/messages/${id}`);
    if (states.delivered !== count) throw new Error(`${states.delivered} of ${count} have got it`);
    accepted.push(answered - begun);
    rates.push((count * 1000) / (over - answered));
  }
  const [acceptedMs, perSecond] = [median(accepted), median(rates)];
  failed ||= acceptedMs > limits.acceptedMs || perSecond < limits.perSecond;
  console.log(
    `${count} recipients ${name}: accepted in ${acceptedMs.toFixed(0)} ms (limit ${limits.acceptedMs}), then ` +
      `${perSecond.toFixed(0)} a second (limit ${limits.perSecond}); slowest ${Math.max(...accepted).toFixed(0)} ms, ` +
      `${Math.min(...rates).toFixed(0)} a second; all notified after ${median(told).toFixed(1)} s`,
  );
}
await app.close();
await source.destroy();
await server.stop();
process.exitCode = failed ? 1 : 0;
