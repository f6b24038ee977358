import { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import type { TestApp } from './app.js';
import { createAssignment, handOut } from './factories.assignments.js';
import {
  createAdmin, createCategory, createInstructor, createModule, createStudent, createTenant, type Member, type Person,
  sessionBody, type Tenant,
} from './factories.js'; // prettier-ignore
import { deliver } from './messages.js';
import type { Client } from './app.js';

/** Strings that stand for one person and for nothing else. */
export const marks = {
  name: 'Xanthippe Quillfeather',
  email: 'xanthippe.quillfeather@mail.example',
  pid: 'QX77-4242',
  phone: '+441632960777',
  subject: 'sub-qx77-vouched',
  avatar: 'https://pictures.example/qx77-portrait.png',
  answer: 'my-own-words-qx77',
} as const;

export interface Life {
  readonly tenant: Tenant;
  readonly admin: Person;
  readonly instructor: Member;
  readonly student: Member;
  readonly classmate: Member;
  readonly threadId: string;
  readonly moduleId: string;
}

/** A student about whom there is something nearly everywhere, as others and the student have made it through HTTP. */
export async function live(app: TestApp): Promise<Life> {
  const { database } = app;
  const tenant = await createTenant(database);
  const admin = await createAdmin(database, tenant, { name: 'Ada Admin' });
  const instructor = await createInstructor(database, tenant, { name: 'Ines Okafor', canViewAll: true });
  const student = await createStudent(database, instructor, marks);
  const classmate = await createStudent(database, instructor, { name: 'Bea Lee' });
  await database.run(
    `-- test.completePerson
    update users set phone = $3, rank = 'Major', avatar_url = $4 where tenant_id = $1 and id = $2`,
    [tenant.tenantId, student.userId, marks.phone, marks.avatar],
  );
  await database.run(
    `-- test.vouch
    insert into user_identities (tenant_id, issuer, subject, user_id, created_at) values ($1, 'https://id.example', $3, $2, now())`,
    [tenant.tenantId, student.userId, marks.subject],
  );
  const own = (): Client => app.as(student);
  const staff = (): Client => app.as(instructor);
  const { studentId } = { studentId: student.userId };

  const module = await createModule(database, await createCategory(database, tenant));
  const answers = [{ questionId: 'q-1', correct: true, durationSeconds: 3, given: marks.answer }];
  const session = sessionBody(module, { answers });
  await own().post('/activity/sessions').send({ sessions: [session] }).expect(200); // prettier-ignore

  const assignment = await createAssignment(database, instructor, {});
  await handOut(database, assignment, [student, classmate]);
  const path = `/assignments/${assignment.assignmentId}/submissions/${studentId}`;
  const content = { text: `I am ${marks.name}` };
  const begun = await own().post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(201);
  const attemptId = (begun.body as { id: string }).id;
  await own().post(`/attempts/${attemptId}/submit`).send({ content }).expect(200);
  for (const feedback of [`Well done, ${marks.name}`, `Fine, ${marks.name}`]) {
    const { headers } = await staff().get(path).expect(200);
    const grade = { grade: 80, feedback, reason: `Looked at with ${marks.name}` };
    await staff().put(`${path}/grade`).set('if-match', headers['etag']!).send(grade).expect(200);
  }

  const about = { studentId, reason: `${marks.name} is ill` };
  await staff().post('/accommodations').send({ ...about, extraDays: 2 }).expect(201); // prettier-ignore
  const opened = await staff().post('/interventions').send(about).expect(201);
  const caseId = (opened.body as { id: string }).id;
  await staff()
    .post(`/interventions/${caseId}/notes`)
    .set('if-match', '"1"')
    .send({ note: `Called ${marks.phone}` })
    .expect(200);

  const letter = { subject: `To ${marks.name}`, body: 'Dear {{name}}, Xanthippe!', to: { userIds: [studentId] } };
  await staff().post('/messages').set('idempotency-key', uuidv7()).send(letter).expect(201);
  const gossip = { subject: 'About', body: `Ask ${marks.name} or ${marks.email}`, to: { userIds: [classmate.userId] } };
  await staff().post('/messages').send(gossip).expect(201);
  await deliver(app, tenant.tenantId);
  const threads = await own().get('/threads').expect(200);
  const threadId = (threads.body as { data: { id: string }[] }).data[0]!.id;
  await own()
    .post(`/threads/${threadId}/replies`)
    .send({ body: `Yours, ${marks.name}` })
    .expect(201);

  await staff().post('/segments').send({ name: marks.name, filter: { search: marks.name } }).expect(201); // prettier-ignore
  const report = { kind: 'roster', format: 'csv', filter: { search: marks.name } };
  await staff().post('/reports').set('idempotency-key', uuidv7()).send(report).expect(202);
  await app.as(admin).get(`/users/${studentId}`).set('user-agent', 'a browser').expect(200);
  await app.as(admin).patch(`/users/${studentId}`).send({ rank: 'Colonel' }).expect(200); // prettier-ignore
  await own().get('/auth/me').set('user-agent', `browser of ${marks.name}`).expect(200);
  const login = { tenant: tenant.slug, email: marks.email, password: 'not the right one' };
  await app.anonymous.post('/auth/login').send(login).expect(401);
  await app.anonymous.post('/auth/password-resets').send({ tenant: tenant.slug, email: marks.email });
  await database.run(
    `-- test.bounce
    insert into bounces (tenant_id, address, kind, reason, at) values ($1, $2, 'soft', '4.2.1', now())`,
    [tenant.tenantId, marks.email],
  );
  const inHand = { ...marks, tenantId: tenant.tenantId, studentId, instructorId: instructor.userId };
  await database.run(
    `-- test.leaveTraces
    with own as (select * from jsonb_to_record($1::jsonb) as own ("tenantId" uuid, "studentId" uuid, "instructorId" uuid, name text, email text)),
    preference as (
      insert into preferences (tenant_id, user_id, time_zone, choices, muted_sender_ids, muted_thread_ids, updated_at)
      select "tenantId", "studentId", null, jsonb_build_object('note', name), '{}', '{}', now() from own
    ), line as (
      insert into notifications (tenant_id, id, user_id, type, priority, title, body, cause, collapse_key, count, created_at,
        updated_at, expires_at)
      select "tenantId", gen_random_uuid(), person, 'student_at_risk', 'high', name || ' is at risk', '', 'risk', 'risk', 1,
        now(), now(), 'infinity'
      from own, unnest(array["studentId", "instructorId"]) as person
    ), event as (
      insert into live_events (tenant_id, kind, outbox_id, subject_id, user_id, payload, created_at)
      select "tenantId", 'test', 0, "instructorId", "instructorId", jsonb_build_object('text', name), now() from own
    ), run as (
      insert into job_runs (tenant_id, job, occasion, key, exclusive, status, attempt, queued_at, error)
      select "tenantId", 'mail.send', 'x', '', false, 'failed', 1, now(), 'could not reach ' || email from own
    ), schedule as (
      insert into report_schedules (tenant_id, id, owner_id, name, kind, format, filter, every, at_minute, recipients, created_at,
        purpose)
      select "tenantId", gen_random_uuid(), "instructorId", 'On ' || name, 'roster', 'csv',
        jsonb_build_object('search', name), 'day', 60, array["studentId"], now(), 'to look after ' || name from own
    )
    update assignments a set description = 'As ' || name || ' wished', tags = array['for ' || name, 'x'] from own
    where a.tenant_id = own."tenantId"`,
    [JSON.stringify(inHand)],
  );
  return { tenant, admin, instructor, student, classmate, threadId, moduleId: module.moduleId };
}

/** In which tables, of all schemas, any of these stands, as text or as bytes: `public.users` and the like. */
export async function foundIn(app: TestApp, sought: readonly string[]): Promise<string[]> {
  const tables = await app.database.many<{ name: string }>(
    `-- test.listTables
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1`,
  );
  const patterns = sought.flatMap((text) => [
    `%${text.toLowerCase()}%`,
    `%${Buffer.from(text).toString('hex')}%`,
    `%${JSON.stringify(text).slice(1, -1).toLowerCase()}%`,
  ]);
  const found: string[] = [];
  for (const { name } of tables) {
    const { count } = await app.database.one<{ count: number }>(
      `-- test.findText
      select count(*) as count from ${name} t where lower(t::text) like any ($1)`,
      [patterns],
    );
    if (count > 0) found.push(name.replace(/^public\./, ''));
  }
  return found;
}

/** Every key with its value, whatever it is. */
export async function everythingIn(redisUrl: string): Promise<string> {
  const client = new Redis(redisUrl);
  const values: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    const read: Record<string, () => Promise<unknown>> = {
      string: () => client.get(key),
      hash: () => client.hgetall(key),
      list: () => client.lrange(key, 0, -1),
      set: () => client.smembers(key),
      zset: () => client.zrange(key, 0, -1),
      stream: () => client.xrange(key, '-', '+'),
    };
    values.push(`${key} ${JSON.stringify(await read[type]?.())}`);
  }
  await client.quit();
  return values.join('\n').toLowerCase();
}

/** Aborts when it has been asked so often whether it is. */
export function dyingAfter(questions: number): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  let left = questions;
  signal.throwIfAborted = () => {
    left -= 1;
    if (left < 0) {
      controller.abort();
      throw new Error('killed');
    }
  };
  return signal;
}
