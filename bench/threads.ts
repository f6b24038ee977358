import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from '../src/app.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { readConfig } from '../src/config.js';
import { Database } from '../src/database/database.js';
import { connect, openServer } from '../src/database/open.js';
import { createInstructor, createStudents, createTenant } from '../test/factories.js';
import { noLimits } from './load.js';
import { bringUpToDate } from '../src/up-to-date.js';

/** How long it takes to list and to search conversations, of one who has many among many. */
const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '10000' },
    own: { type: 'string', default: '2000' },
    messages: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '40' },
  },
});
const [threads, own, each] = [Number(options.threads), Number(options.own), Number(options.messages)];
const limitMs = 100;

const dataDir = resolve(process.env['DATA_DIR'] ?? '.data/bench');
const config = readConfig({ ...process.env, ...noLimits, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' });
const server = await openServer(config, console.log);
await bringUpToDate(server, console.log);
const source = await connect(
  { url: server.ownerUrl, poolSize: 10, pooler: false, applicationName: 'bench', statementTimeoutSeconds: 120 },
  console.log,
);
const database = new Database(source, { prepared: true });
const app = await createApp(config, { source, listen: true, worker: false });
const url = `${await app.getUrl()}/api/v1`;
const tenant = await createTenant(database, { slug: `bench-${Date.now()}` });
const instructor = await createInstructor(database, tenant);
const other = await createInstructor(database, tenant);
const students = await createStudents(database, instructor, Array(1_000).fill({}));
// one conversation in a hundred has a rare word in the body of one of its messages
await database.run(
  `-- bench.fillThreads
  with thread as (
    select n, gen_random_uuid() as id, ($5::uuid[])[1 + n % 1000] as student_id,
      case when n <= $6 then $2::uuid else $3::uuid end as teacher_id, $4::timestamptz - n * interval '1 minute' as at
    from generate_series(1, $7::integer) as n
  ), rows_of as (
    insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
    select $1, person.id, t.id, person.other, 'Radio check ' || t.n, t.at
    from thread t cross join lateral (values (t.teacher_id, t.student_id), (t.student_id, t.teacher_id)) as person (id, other)
  ), message as (
    select t.*, k, gen_random_uuid() as message_id from thread t cross join generate_series(1, $8::integer) as k
  ), written as (
    insert into messages (tenant_id, id, sender_id, thread_id, status, subject, body, words, content_type, wanted,
      position, accepted_at, sent_at, created_at, updated_at)
    select $1, message_id, case k % 2 when 0 then teacher_id else student_id end, id, 'sent', 'Radio check ' || n, text,
      fold(text), 'text', 1, 1, at, at, at, at
    from message cross join lateral (
      select repeat('Please read the whole of chapter ' || k || ' of the book before we meet again. ', 4)
        || case when n % 100 = 0 and k = 1 then 'Zanzibar' else '' end as text
    ) as written
  )
  insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at, first_opened_at, last_opened_at)
  select $1, message_id, case k % 2 when 0 then student_id else teacher_id end, id, at,
    case when n % 10 > 0 then at end, case when n % 10 > 0 then at end
  from message`,
  [
    tenant.tenantId,
    instructor.userId,
    other.userId,
    new Date(),
    students.map(({ userId }) => userId),
    own,
    threads,
    each,
  ],
);
await source.query('analyze users, threads, messages, message_recipients');

const headers = { authorization: `Bearer ${app.get(TokensService).sign(instructor, { kind: 'identity' }, 86_400)}` };
const questions = {
  'the latest': '',
  'unread ones': 'unread=true',
  'a frequent word': 'search=chapter',
  'a rare word': 'search=zanzibar',
  'a word of none': 'search=timbuktu',
  'a subject': 'search=check%201999',
};
let failed = false;
for (const [name, query] of Object.entries(questions)) {
  const times: number[] = [];
  let found = 0;
  for (let round = 0; round < Number(options.rounds); round++) {
    const begun = performance.now();
    const answer = await fetch(`${url}/threads?${query}`, { headers });
    found = ((await answer.json()) as { data: unknown[] }).data.length;
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  const p95 = times[Math.floor(times.length * 0.95)]!;
  failed ||= p95 > limitMs;
  console.log(`${name}: ${found} shown, p95 ${p95.toFixed(0)} ms (limit ${limitMs}), of ${own} threads and ${threads * each} messages`); // prettier-ignore
}
await app.close();
await source.destroy();
await server.stop();
process.exitCode = failed ? 1 : 0;
