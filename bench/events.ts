import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { keyFileOf } from '../src/auth/key-file.js';
import { openSigningKeys } from '../src/auth/signing-keys.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { Outbox } from '../src/jobs/outbox.js';
import { OutboxRepository } from '../src/jobs/outbox.repository.js';
import { WakeUps } from '../src/jobs/wake-ups.js';
import { createStudents, createTenant, type Member } from '../test/factories.js';
import { startApi } from './load.js';
import { timesOf } from './times.js';
import { bringUpToDate } from '../src/up-to-date.js';

/**
 * How long an event takes from its commit to the client, with everything in one process and with a worker apart; and what
 * many streams with heart-beats cost one process. With `REDIS_URL` processes wake each other through Redis. Fails beyond
 * the limits.
 */
const limits = { p95Ms: 100, rssMb: 512 };
const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '500' },
    pauseMs: { type: 'string', default: '20' },
    streams: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '20' },
  },
});
const [events, pauseMs, streams, seconds] = [options.events, options.pauseMs, options.streams, options.seconds].map(
  Number,
) as [number, number, number, number];

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench-events');
const config = readConfig({ ...process.env, DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 4, pooler: false, applicationName: 'bench' },
  console.log,
);
const database = new Database(source, { prepared: true });
const clock = new Clock();
const wakeUps = new WakeUps({ ...config, database: { ...config.database, url: server.url } }, database);
const outbox = new Outbox(new OutboxRepository(database), database, clock);
outbox.onCommitted(() => wakeUps.send('outbox'));

const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
const students = await createStudents(
  database,
  tenant,
  Array.from({ length: Math.ceil(streams / 5) }, () => ({})),
);
const tokens = new TokensService(await openSigningKeys(config, clock), config, clock);
const headersOf = (student: Member): Record<string, string> => {
  return { authorization: `Bearer ${tokens.sign(student, { kind: 'identity' }, 86_400)}` };
};
const environment = {
  DATA_DIR: dataDir,
  DATABASE_URL: server.url,
  DATABASE_OWNER_URL: server.ownerUrl,
  JWT_KEYS_FILE: keyFileOf(config),
  LOG_LEVEL: 'error',
  DRAIN_SECONDS: '0',
};
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

function listen(url: string, student: Member, hear: (text: string) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/api/v1/events`, { headers: headersOf(student), agent }, (incoming) => {
      if (incoming.statusCode !== 200) reject(new Error(`a stream is refused: ${incoming.statusCode}`));
      incoming.setEncoding('utf8').on('data', hear);
      incoming.on('error', () => undefined);
      resolve(incoming);
    });
    outgoing.on('error', reject).end();
  });
}

/** From the commit, as whoever writes sees it, until the client has read the event. In milliseconds. */
async function delays(url: string, writer: Outbox): Promise<number[]> {
  const [student] = students as [Member];
  const { tenantId, userId } = student;
  const committed = new Map<string, number>();
  const heard = new Map<string, number>();
  const incoming = await listen(url, student, (text) => {
    const now = performance.now();
    for (const [, n] of text.matchAll(/"notificationIds":\["(\d+)"\]/g)) heard.set(n!, now);
  });
  await sleep(2_000);
  for (let n = 0; n < events; n++) {
    // the statement is its own transaction
    await writer.append(tenantId, 'notifications.created', userId, { userId, notificationIds: [String(n)] });
    committed.set(String(n), performance.now());
    await sleep(pauseMs);
  }
  await sleep(2_000);
  incoming.destroy();
  return [...heard].map(([n, at]) => at - committed.get(n)!);
}

const memoryOf = (pid: number, what: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function startWorker(): Promise<ChildProcess> {
  const worker = fork('dist/src/worker.js', { env: { ...process.env, ...environment, NODE_ENV: 'production' } });
  await sleep(5_000);
  return worker;
}

const say = (what: string, found: readonly number[]): number => {
  const { p50, p95, count } = timesOf(found);
  console.log(`${what}: ${count} of ${events} events, p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
  return count === events ? p95 : Infinity;
};

const whole = await createApp({ ...config, port: 0 }, { source, worker: true, listen: true });
const alone = say('one process', await delays(await whole.getUrl(), whole.get(Outbox, { strict: false })));
await whole.close();

const worker = await startWorker();
const api = await startApi({ ...environment, EVENTS_HEART_BEAT_SECONDS: '15' });
const apart = say(
  `worker and API apart, through ${config.redisUrl ? 'Redis' : 'PostgreSQL'}`,
  await delays(api.url, outbox),
);

let beats = 0;
const idle = memoryOf(api.pid, 'VmRSS');
for (let n = 0; n < streams; n += 50) {
  const batch = Array.from({ length: Math.min(50, streams - n) }, (_, i) => students[(n + i) % students.length]!);
  await Promise.all(
    batch.map((student) => listen(api.url, student, (text) => void (beats += Number(text.startsWith(':'))))),
  );
}
await sleep(seconds * 1000);
const [now, most] = [memoryOf(api.pid, 'VmRSS'), memoryOf(api.pid, 'VmHWM')];
console.log(
  `${streams} streams: ${now.toFixed(0)} MB now, ${most.toFixed(0)} MB at most, ${idle.toFixed(0)} MB without; ` +
    `${beats} heart-beats in ${seconds} s`,
);
const crowded = say(`beside ${streams} streams`, await delays(api.url, outbox));

agent.destroy();
api.stop();
worker.kill('SIGTERM');
await once(worker, 'exit');
await wakeUps.onApplicationShutdown();
await source.destroy();
await server.stop();
if (Math.max(alone, apart, crowded) > limits.p95Ms || most > limits.rssMb) {
  console.error(`more than ${limits.p95Ms} ms or ${limits.rssMb} MB`);
  process.exitCode = 1;
}
