import { MigrationInterface, QueryRunner } from 'typeorm';
import { migrations } from '../../migrations/migrations.js';
import { createTestDatabase, TestDatabase } from '../../test/database.js';
import { migrate, pendingMigrations, revertLast } from './migrate.js';

class CreateThings9900000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // long enough for the others to come and ask for the lock
    await runner.query('-- things.create\ncreate table things as select pg_sleep(0.3)::text as text, 1 as id');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('-- things.drop\ndrop table things');
  }
}

class IndexThings9900000000002 implements MigrationInterface {
  readonly transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('-- things.index\ncreate index concurrently things__id_idx on things (id)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('-- things.dropIndex\ndrop index concurrently things__id_idx');
  }
}

class Fail9900000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('-- things.fill\ninsert into things (id) values (2)');
    await runner.query('-- things.fail\nselect 1 / 0');
  }
  async down(): Promise<void> {}
}

const created = ['CreateThings9900000000001', 'IndexThings9900000000002'];
const theirs = migrations.length;
const lines: string[] = [];
const log = (line: string) => void lines.push(line);
let test: TestDatabase;

/** What is defined at this moment is what a process of that version would run. */
async function opened(...classes: (new () => MigrationInterface)[]): Promise<TestDatabase> {
  migrations.push(...classes);
  return createTestDatabase();
}

beforeEach(() => void (lines.length = 0));
afterEach(async () => {
  migrations.length = theirs;
  await test.drop();
});

it('runs each migration once when several processes migrate at the same time', async () => {
  test = await opened(CreateThings9900000000001, IndexThings9900000000002);
  expect(await pendingMigrations(test.source)).toEqual(created);
  const ran = await Promise.all([1, 2, 3].map(() => migrate(test.url, log)));
  expect(ran.map((names) => names.length).sort()).toEqual([0, 0, 2]);
  expect(ran.flat()).toEqual(created);
  expect(lines).toContain('another process is migrating this database: waiting for it');
  expect(await pendingMigrations(test.source)).toEqual([]);
});

it('reverts the last one, in a transaction or without as on the way up', async () => {
  test = await opened(CreateThings9900000000001, IndexThings9900000000002);
  await migrate(test.url, log);
  await revertLast(test.url, log);
  expect(await pendingMigrations(test.source)).toEqual(created.slice(1));
  await revertLast(test.url, log);
  expect(await pendingMigrations(test.source)).toEqual(created);
  expect(lines).toEqual([...created.map((n) => `migrated ${n}`), ...created.toReversed().map((n) => `reverted ${n}`)]);
});

it('leaves nothing of a migration that fails, and gives the lock back', async () => {
  test = await opened(CreateThings9900000000001, Fail9900000000003);
  await expect(migrate(test.url, log)).rejects.toThrow('division by zero');
  await expect(migrate(test.url, log)).rejects.toThrow('division by zero');
  expect(await test.database.one('-- things.count\nselect count(*) from things')).toEqual({ count: 1 });
  expect(await pendingMigrations(test.source)).toEqual(['Fail9900000000003']);
});

it('says in one line where there is no database, and not with which password', async () => {
  test = await opened();
  const url = test.url.replace(/\/[^/]*$/, '/nowhere');
  const { host, password } = new URL(url);
  const error: Error = await migrate(url, log).then(
    () => new Error('migrated'),
    (e: Error) => e,
  );
  expect(error.message).toBe(`cannot connect to the database at ${host}/nowhere: database "nowhere" does not exist`);
  expect(error.message).not.toContain(password || 'no password');
});
