import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SessionsRepository } from '../src/activity/sessions.repository.js';
import { SnapshotsRepository } from '../src/activity/snapshots.repository.js';
import type { Session } from '../src/activity/session-input.js';
import type { Database } from '../src/database/database.js';
import { ProgressRepository } from '../src/students/progress.repository.js';
import { line } from './pgbench.js';
import type { Population } from './scenarios.js';

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** Bodies with sessions that have just ended: one of anybody, or a batch of one instructor's students. */
export function sessionBodies({ instructors, moduleIds }: Population, size: number): () => string {
  return () => {
    const { studentIds } = pick(instructors);
    const sessions = Array.from({ length: size }, () => {
      const end = Date.now() - Math.random() * 1_000_000;
      return {
        id: randomUUID(),
        studentId: pick(studentIds),
        moduleId: pick(moduleIds),
        score: Math.round(Math.random() * 100),
        questions: 10,
        correct: 7,
        startedAt: new Date(end - 600_000).toISOString(),
        completedAt: new Date(end).toISOString(),
      };
    });
    return JSON.stringify({ sessions });
  };
}

/**
 * The statements of one session's transaction for pgbench, taken from the repositories. What JavaScript passes on
 * between them (ids, days) is written as expressions; the outbox and the audit trail are plain inserts.
 */
export async function ingestionScripts(
  { tenantId, moduleIds, today }: Population,
  source: DataSource,
): Promise<string[]> {
  await source.query(`
    create unlogged table if not exists bench_students (n integer primary key, id uuid not null);
    truncate bench_students;
    insert into bench_students select row_number() over (order by random()), student_id from student_progress
      where tenant_id = '${tenantId}' and is_active limit 10000;
    analyze bench_students`);
  const [{ count }] = (await source.query('select count(*) from bench_students')) as [{ count: number }];
  const captured: string[] = [];
  const recorder = {
    many: (sql: string) => (captured.push(sql), Promise.resolve([])),
    run: (sql: string) => (captured.push(sql), Promise.resolve(0)),
  } as unknown as Database;
  const progress = new ProgressRepository(recorder);
  await progress.lock(tenantId, []);
  await new SessionsRepository(recorder).record(tenantId, [] as Session[], new Date());
  await new SnapshotsRepository(recorder).refresh(tenantId, [], { today, now: new Date() });
  await progress.refresh(tenantId, [], { today, now: new Date() });
  const [lock, record, snapshots, refresh] = captured as [string, string, string, string];
  const tenant = `'${tenantId}'::uuid`;
  const student = '(select id from bench_students where n = :n)';
  const session = `json_build_array(json_build_object('index', 0, 'id', gen_random_uuid(), 'studentId', ${student},
    'moduleId', '${moduleIds[0]}', 'status', 'completed', 'score', 70, 'questions', 10, 'correct', 7,
    'durationSeconds', 600, 'startedAt', now() - interval '10 minutes', 'completedAt', now(), 'updatedAt', now(),
    'busyFrom', now() - interval '10 minutes', 'busyTo', now()))`;
  return [
    [
      `\\set n random(1, ${count})`,
      'begin;',
      line(lock, [tenant, `array[${student}]`]),
      line(record, [tenant, session, 'now()']),
      line(snapshots, [tenant, `array[${student}]`, `array['${today}'::date]`, `'${today}'::date`, 'now()']),
      line(refresh, [tenant, `array[${student}]`, 'array[1]', 'array[0]', `'${today}'::date`, 'now()']),
      `insert into outbox (tenant_id, topic, key, payload, created_at)
        values (${tenant}, 'bench', 'bench', '{}', now());`.replace(/\s+/g, ' '),
      `insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, result)
        values (${tenant}, now(), gen_random_uuid(), 'service', 'sessions.recorded', 'session', 'done');`.replace(
        /\s+/g,
        ' ',
      ),
      'commit;',
    ].join('\n'),
  ];
}
