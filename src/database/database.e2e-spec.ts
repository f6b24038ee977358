import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createTestDatabase, TestDatabase } from '../../test/database.js';
import { Database, StatementEvent } from './database.js';
import { ConstraintViolation, DatabaseUnavailable } from './errors.js';

let test: TestDatabase;
let database: Database;
let admin: pg.Client;
const events: StatementEvent[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database(test.source, { prepared: true, onStatement: (event) => events.push(event) });
  admin = new pg.Client({ connectionString: test.url });
  await admin.connect();
  await admin.query('create table things (id int constraint things_pkey primary key, text text not null)');
});
beforeEach(async () => {
  await admin.query('truncate things');
  events.length = 0;
});
afterAll(async () => {
  await admin?.end();
  await test?.drop();
});

const insert = '-- things.insert\ninsert into things values ($1, $2)';
const ids = async () => (await admin.query<{ id: number }>('select id from things order by id')).rows.map((r) => r.id);
const pid = async () => (await database.one<{ pid: number }>('-- things.pid\nselect pg_backend_pid() as pid')).pid;

describe('a statement', () => {
  it('must have a name', async () => {
    await expect(database.many('select 1')).rejects.toThrow('must begin with its name');
  });

  it('answers as many rows as its method says, or fails', async () => {
    const series = (n: number) => `-- things.series\nselect * from generate_series(1, ${n}) as n`;
    expect(await database.many(series(3))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await database.one(series(1))).toEqual({ n: 1 });
    await expect(database.one(series(0))).rejects.toThrow('things.series answered 0 rows');
    await expect(database.one(series(2))).rejects.toThrow('things.series answered 2 rows');
    expect(await database.maybeOne(series(0))).toBeNull();
    await expect(database.maybeOne(series(2))).rejects.toThrow('2 rows instead of 0 or 1');
    expect(await database.run(insert, [1, 'a'])).toBe(1);
  });

  it('is reported with its name, its rows and whether it failed', async () => {
    await database.run(insert, [1, 'a']);
    await expect(database.run(insert, [1, 'a'])).rejects.toThrow();
    expect(events).toMatchObject([
      { statement: 'things.insert', rows: 1, failed: false },
      { statement: 'things.insert', rows: 0, failed: true },
    ]);
  });

  it('is prepared once, under its name and the hash of its text, which PostgreSQL would cut at 63 bytes', async () => {
    const long = `things.${'a'.repeat(80)}`;
    await database.transaction(async () => {
      await database.many('-- things.variant\nselect 1');
      await database.many('-- things.variant\nselect 2');
      await database.many('-- things.variant\nselect 2');
      await database.many(`-- ${long}\nselect 1`);
      const rows = await database.many<{ name: string }>(`-- things.prepared
        select name from pg_prepared_statements
        where name like 'things.variant%' or name like 'things.aaa%' order by name`);
      expect(rows.map(({ name }) => name)).toEqual([
        expect.stringMatching(/^things\.a{47}_[0-9a-f]{8}$/),
        expect.stringMatching(/^things\.variant_[0-9a-f]{8}$/),
        expect.stringMatching(/^things\.variant_[0-9a-f]{8}$/),
      ]);
    });
  });

  it('is not prepared behind a pooler', async () => {
    const pooled = new Database(test.source, { prepared: false });
    await pooled.transaction(async () => {
      await pooled.many('-- things.pooled\nselect $1::int', [1]);
      const rows = await pooled.many(`-- things.prepared
        select name from pg_prepared_statements where statement like '-- things.pooled%'`);
      expect(rows).toEqual([]);
    });
  });

  it('survives a change of its result type at the cost of one failure', async () => {
    await admin.query('create table changing (value int); insert into changing values (1)');
    const find = '-- changing.find\nselect value from changing';
    const connection = await pid();
    expect(await database.one(find)).toEqual({ value: 1 });
    await admin.query('alter table changing alter value type text');
    await expect(database.one(find)).rejects.toThrow('cached plan');
    expect(await database.one(find)).toEqual({ value: '1' });
    expect(await pid()).not.toBe(connection);
  });
});

describe('what arrives', () => {
  it('is already the JSON of an answer', async () => {
    const row = await database.one(`-- things.types
      select 9007199254740991::bigint as int8, 87.25::numeric(5,2) as numeric, date '2026-03-29' as date,
             timestamptz '2026-11-20 23:49:43.123456+00' as micro, timestamptz '2026-11-20 23:49:43+02' as zoned,
             timestamptz 'infinity' as infinity, timestamptz '10000-01-01 00:00:00+00' as distant,
             null::date as nothing, array[1, null]::bigint[] as int8s, array[0.5]::numeric[] as numerics,
             array[array[date '2026-03-29']] as dates, array[timestamptz '2026-11-20 23:49:43.1+00'] as instants`);
    expect(row).toEqual({
      int8: 9_007_199_254_740_991,
      numeric: 87.25,
      date: '2026-03-29',
      micro: '2026-11-20T23:49:43.123456Z',
      zoned: '2026-11-20T21:49:43Z',
      infinity: 'infinity',
      distant: '10000-01-01T00:00:00Z',
      nothing: null,
      int8s: [1, null],
      numerics: [0.5],
      dates: [['2026-03-29']],
      instants: ['2026-11-20T23:49:43.1Z'],
    });
  });

  it('is never a number that JavaScript cannot hold', async () => {
    await expect(database.one('-- things.big\nselect 9007199254740993::bigint as big')).rejects.toThrow(RangeError);
    expect(await database.one('-- things.alive\nselect 1 as one')).toEqual({ one: 1 });
  });
});

describe('a transaction', () => {
  it('is joined by every statement of the same call chain, across awaits, and by inner transactions', async () => {
    await database.transaction(async () => {
      const outer = await pid();
      await sleep(1);
      await database.run(insert, [1, 'a']);
      await Promise.resolve().then(() => database.transaction(() => database.run(insert, [2, 'b'])));
      expect(await pid()).toBe(outer);
      expect(await ids()).toEqual([]);
    });
    expect(await ids()).toEqual([1, 2]);
  });

  it('is not shared with another chain', async () => {
    const inside = async () => database.transaction(async () => [await pid(), await pid()] as const);
    const [[a, sameA], [b, sameB]] = await Promise.all([inside(), inside()]);
    expect([a, b]).toEqual([sameA, sameB]);
    expect(a).not.toBe(b);
  });

  it('rolls back when its work throws, and the connection goes on', async () => {
    let inside = 0;
    const failing = database.transaction(async () => {
      inside = await pid();
      await database.run(insert, [1, 'a']);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
    expect(await pid()).toBe(inside);
  });

  it('is tried again after a deadlock', async () => {
    await admin.query(`insert into things values (1, ''), (2, '')`);
    const lock = '-- things.append\nupdate things set text = text || $2 where id = $1';
    let attempts = 0;
    let arrived = 0;
    const bothHoldOne = async () => {
      arrived++;
      for (let i = 0; arrived < 2 && i < 1_000; i++) await sleep(5);
    };
    const swap = (first: number, second: number, mark: string) =>
      database.transaction(async () => {
        attempts++;
        await database.run(lock, [first, mark]);
        await bothHoldOne();
        await database.run(lock, [second, mark]);
      });
    await Promise.all([swap(1, 2, 'a'), swap(2, 1, 'b')]);
    expect(attempts).toBe(3);
    const { rows } = await admin.query<{ text: string }>('select text from things');
    expect(rows.map(({ text }) => [...text].sort().join(''))).toEqual(['ab', 'ab']);
  });

  it('gives up after five serialization failures, as something that may work later', async () => {
    let attempts = 0;
    const failing = database.transaction(async () => {
      attempts++;
      await database.run(`-- things.conflict\ndo $$ begin raise exception sqlstate '40001'; end $$`);
    });
    await expect(failing).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(attempts).toBe(5);
  });

  it('runs effects after its commit, in order and before its caller goes on', async () => {
    const seen: unknown[] = [];
    await database.transaction(async () => {
      await database.afterCommit(async () => void seen.push(await ids()));
      await database.transaction(async () => database.afterCommit(() => void seen.push('inner')));
      await database.run(insert, [1, 'a']);
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual([[1], 'inner']);
    await database.afterCommit(() => void seen.push('at once'));
    expect(seen).toEqual([[1], 'inner', 'at once']);
  });

  it('runs no effects when it rolls back, and those of its last attempt only', async () => {
    const seen: string[] = [];
    const effect = (name: string) => database.afterCommit(() => void seen.push(name));
    await expect(
      database.transaction(async () => {
        await effect('rolled back');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    let attempt = 0;
    await database.transaction(async () => {
      await effect(`attempt ${++attempt}`);
      if (attempt === 1) await database.run(`-- things.conflict\ndo $$ begin raise exception sqlstate '40001'; end $$`);
    });
    expect(seen).toEqual(['attempt 2']);
  });

  it('begins with what was registered, inside of it, unless it sees one state of things alone', async () => {
    const other = new Database(test.source, { prepared: true });
    const states: unknown[] = [];
    other.atBegin(async () => {
      const { isWritten } = await other.one<{ isWritten: boolean }>(`-- things.state
        select pg_current_xact_id_if_assigned() is not null as "isWritten"`);
      states.push([isWritten, 'first']);
    });
    const work = async (): Promise<void> => {
      await other.run(insert, [1, 'a']);
      states.push('work');
      throw new Error('no');
    };
    await expect(other.transaction(work)).rejects.toThrow('no');
    await expect(other.transaction(work, { isolation: 'repeatable read' })).rejects.toThrow('no');
    expect([states, await ids()]).toEqual([[[false, 'first'], 'work', 'work'], []]);
    other.atBegin(() => other.one('-- things.none\nselect 1 where false'));
    await expect(other.transaction(async () => void states.push('work'))).rejects.toThrow('answered 0 rows');
    expect(states.length).toBe(4);
    await other.run(insert, [1, 'a']);
  });

  it('ends with what was left for its commit, and is undone by what fails of that', async () => {
    const last = (id: number) =>
      database.atCommit(async () => {
        const { count } = await database.one<{ count: number }>(
          `-- things.count
          select count(*)::integer as count from things`,
        );
        return { sql: insert, parameters: [id, `after ${count}`] };
      });
    const texts = async () => (await admin.query<{ text: string }>('select text from things order by id')).rows;
    await database.transaction(async () => {
      await last(1);
      await last(2);
      await database.run(insert, [3, 'work']);
    });
    await last(4);
    expect(await texts()).toEqual([{ text: 'after 1' }, { text: 'after 1' }, { text: 'work' }, { text: 'after 3' }]);
    const seen: string[] = [];
    const before = await pid();
    await expect(
      database.transaction(async () => {
        await database.afterCommit(() => void seen.push('committed'));
        await database.run(insert, [5, 'work']);
        await last(6);
        await last(1);
      }),
    ).rejects.toMatchObject({ constraint: 'things_pkey' });
    expect([await ids(), seen, await pid()]).toEqual([[1, 2, 3, 4], [], before]);
    let attempts = 0;
    const conflict = `do $$ begin raise exception sqlstate '40001'; end $$`;
    await database.transaction(async () => {
      const isFirst = ++attempts === 1;
      await last(7);
      await database.atCommit(async () => ({
        sql: `-- things.last\n${isFirst ? conflict : 'select'}`,
        parameters: [],
      }));
    });
    expect([attempts, await ids()]).toEqual([2, [1, 2, 3, 4, 7]]);
  });

  it('fails at commit when a deferred constraint refuses', async () => {
    await admin.query(`create table links (id int constraint links_key unique deferrable initially deferred)`);
    const link = () => database.run('-- links.insert\ninsert into links values (1)');
    await expect(database.transaction(async () => [await link(), await link()])).rejects.toMatchObject({
      constraint: 'links_key',
    });
  });
});

describe('a refused statement', () => {
  it('names the constraint and leaves the connection as it is', async () => {
    const before = await pid();
    await database.run(insert, [1, 'a']);
    const error = await database.run(insert, [1, 'a']).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConstraintViolation);
    expect(error).toMatchObject({ constraint: 'things_pkey' });
    await expect(database.many('-- things.wrong\nselect nothing')).rejects.toMatchObject({ code: '42703' });
    expect(await pid()).toBe(before);
  });

  it('that ran too long is DatabaseUnavailable and costs no connection', async () => {
    const inTransaction = (statement: string) =>
      database.transaction(async () => {
        await database.run(`-- things.limit\nset local statement_timeout = 50`);
        await database.run(statement);
      });
    const before = await pid();
    await expect(inTransaction('-- things.sleep\nselect pg_sleep(10)')).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await pid()).toBe(before);
  });

  it('that waited too long for a lock is DatabaseUnavailable', async () => {
    await admin.query(`insert into things values (1, '')`);
    await admin.query(`begin; update things set text = 'mine' where id = 1`);
    const blocked = database.run(`-- things.update\nupdate things set text = '' where id = 1`);
    await expect(blocked).rejects.toBeInstanceOf(DatabaseUnavailable);
    await admin.query('rollback');
  });
});

describe('a connection that is lost', () => {
  const kill = (victim: number) => admin.query('select pg_terminate_backend($1, 5000)', [victim]);

  it('while it is idle is replaced', async () => {
    const before = await pid();
    await kill(before);
    const after = await pid().catch(pid);
    expect(after).not.toBe(before);
  });

  it('during a statement is DatabaseUnavailable, and the next one works', async () => {
    const sleeping = database.run('-- things.sleepLong\nselect pg_sleep(3)');
    const outcome = expect(sleeping).rejects.toBeInstanceOf(DatabaseUnavailable);
    for (let i = 0; i < 200; i++) {
      const { rows } = await admin.query<{ pid: number }>(
        `select pid from pg_stat_activity where query like '-- things.sleepLong%' and datname = current_database()`,
      );
      if (rows[0]) await kill(rows[0].pid);
      if (rows[0]) break;
      await sleep(10);
    }
    await outcome;
    expect(await database.one('-- things.alive\nselect 1 as one')).toEqual({ one: 1 });
  });

  it('between the statements of a transaction is DatabaseUnavailable, not the end of the process', async () => {
    const lost = database.transaction(async () => {
      await kill(await pid());
      await sleep(50);
      await database.run(insert, [1, 'a']);
    });
    await expect(lost).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await ids()).toEqual([]);
    await database.run(insert, [1, 'a']);
    expect(await ids()).toEqual([1]);
  });
});
