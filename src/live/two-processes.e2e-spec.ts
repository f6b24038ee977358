import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { EventClient } from '../../test/event-client.js';
import { createInstructor, createStudent, createTenant, type Member } from '../../test/factories.js';
import { freePort, hasRedis, startRedis } from '../../test/redis.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';

let redis: ChildProcess;
let port: number;
let worker: TestApp;
let api: TestApp;
/** The application's own, whose transactions its providers join. */
let database: Database;
let ada: Member;
let student: Member;

(hasRedis ? describe : describe.skip)('a worker and an API that share a Redis', () => {
  beforeAll(async () => {
    port = await freePort();
    redis = await startRedis(port);
    const environment = { REDIS_URL: `redis://127.0.0.1:${port}`, CACHE: 'redis' };
    worker = await startApp({ worker: true, environment });
    api = await startApp({ db: worker.db, environment });
    database = api.app.get(Database, { strict: false });
    ada = await createInstructor(worker.database, await createTenant(worker.database));
    student = await createStudent(worker.database, ada);
  });
  afterAll(async () => {
    await api.stop();
    await worker.stop();
    redis.kill('SIGKILL');
    await once(redis, 'exit');
  });

  const told = (score: number): Promise<void> =>
    database.transaction(async () => {
      const { tenantId, userId: studentId } = student;
      await database.run(
        `-- test.setRiskScore
        update student_progress set risk_score = $3, risk_day = '2026-03-01' where tenant_id = $1 and student_id = $2`,
        [tenantId, studentId, score],
      );
      // as a writer that dies before it says what has changed
      const payload = { studentId, from: null, to: 'high', score, isAtRisk: true };
      await api.app.get(Outbox, { strict: false }).append(tenantId, 'risk.band-changed', studentId, payload);
    });
  const shown = async (): Promise<unknown> =>
    ((await api.as(ada).get('/students').expect(200)).body as { data: { riskScore: number }[] }).data[0]!.riskScore;

  it('lose no event while Redis is killed and started anew in the middle, and no read is older than an event', async () => {
    const client = await EventClient.open(api, ada, { kinds: 'risk' });
    for (let n = 1; n <= 30; n++) {
      if (n === 10) redis.kill('SIGKILL');
      if (n === 13) redis = await startRedis(port);
      await shown();
      await told(n);
      await client.until(({ heard }) => heard.at(-1)?.data.riskScore === n);
      expect(await shown()).toBe(n);
      if (n > 13) await sleep(50);
    }
    expect(client.heard.map(({ data }) => data.riskScore)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    client.cut();
  }, 120_000);
});
