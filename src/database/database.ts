import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import { isConnectionUsable, isRetryable, translate } from './errors.js';

/** What a statement did; `statement` is the name in its first line. Parameters are never passed on. */
export interface StatementEvent {
  readonly statement: string;
  readonly durationSeconds: number;
  readonly rows: number;
  readonly failed: boolean;
}

export interface DatabaseOptions {
  /** Prepare statements under their names; off behind a transaction pooler. */
  readonly prepared: boolean;
  readonly onStatement?: (event: StatementEvent) => void;
}

export interface TransactionOptions {
  /** Everything in it sees the state that its first statement saw; what others change meanwhile has it tried again. */
  readonly isolation?: 'repeatable read';
  /** How long one of its statements may take, where requests do not wait for it; locks are waited for as ever. */
  readonly statementSeconds?: number;
}

export interface Statement {
  readonly sql: string;
  readonly parameters: Parameters;
}

interface Transaction {
  readonly client: pg.PoolClient;
  /** Of the client, for a server that cannot run its own. */
  readonly queryTimeout: number | undefined;
  readonly atCommit: (() => Statement | Promise<Statement>)[];
  readonly afterCommit: (() => Promise<void> | void)[];
}

type Row = object;
type Parameters = readonly unknown[];

interface Prepared {
  /** `students.list` */
  readonly statement: string;
  /** `students.list_1f3870be`: the hash tells variants of one statement apart. PostgreSQL cuts names at 63 bytes. */
  readonly name: string | undefined;
}

/** A filter has thousands of combinations, and each connection would keep a plan for every one of them. */
const mostPrepared = 1_000;
/** Of one transaction: whoever loses a deadlock may lose the next one, too. */
const mostAttempts = 5;

/**
 * The one door to PostgreSQL. Every statement begins with the comment `-- feature.name`, and says how many rows it
 * may answer by the method it is run with. Inside `transaction` every statement of the same asynchronous call chain
 * joins the transaction by itself.
 *
 * All methods throw `DatabaseUnavailable` when the server cannot answer in time, and `ConstraintViolation` when a
 * constraint refuses.
 */
export class Database {
  private readonly scope = new AsyncLocalStorage<Transaction>();
  private readonly names = new Map<string, Prepared>();
  private readonly beginnings: (() => Promise<unknown>)[] = [];

  constructor(
    readonly source: DataSource,
    private readonly options: DatabaseOptions,
  ) {}

  /** Any number of rows. */
  async many<T extends Row>(sql: string, parameters: Parameters = []): Promise<T[]> {
    return (await this.execute<T & pg.QueryResultRow>(sql, parameters)).rows;
  }

  /** Exactly one row; anything else is a bug and throws. */
  async one<T extends Row>(sql: string, parameters: Parameters = []): Promise<T> {
    const { rows } = await this.execute<T & pg.QueryResultRow>(sql, parameters);
    if (rows.length !== 1) throw new Error(`${this.prepare(sql).statement} answered ${rows.length} rows instead of 1`);
    return rows[0]!;
  }

  /** One row or null; more is a bug and throws. */
  async maybeOne<T extends Row>(sql: string, parameters: Parameters = []): Promise<T | null> {
    const { rows } = await this.execute<T & pg.QueryResultRow>(sql, parameters);
    if (rows.length > 1)
      throw new Error(`${this.prepare(sql).statement} answered ${rows.length} rows instead of 0 or 1`);
    return rows[0] ?? null;
  }

  /** A statement whose rows do not matter. @returns the number of rows it touched */
  async run(sql: string, parameters: Parameters = []): Promise<number> {
    return (await this.execute(sql, parameters)).rowCount ?? 0;
  }

  /** Where reads that may be slightly stale go: a fresh enough replica once there are any, today the primary. */
  read(): this {
    return this;
  }

  /**
   * Runs `work` in one transaction; joins the running one. A deadlock or serialization failure is tried again, at a
   * moment of its own each time, so `work` must have no effect outside the database; what follows from it belongs into
   * `afterCommit` or the outbox. Options are of the transaction that is begun, and not of a running one.
   */
  async transaction<T>(work: () => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    if (this.scope.getStore()) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work, options);
      } catch (error) {
        if (attempt === mostAttempts || !isRetryable(error)) throw translate(error);
        await sleep(Math.random() * 50 * attempt);
      }
    }
  }

  /**
   * Runs `work` in a transaction that is undone whatever comes of it, and answers what it would have: told by the same
   * statements that would do it. Not inside a transaction.
   */
  async rehearse<T>(work: () => Promise<T>): Promise<T> {
    if (this.scope.getStore()) throw new Error('a rehearsal inside a transaction would not be undone');
    try {
      return await this.transaction(async () => {
        throw new Rehearsed(await work());
      });
    } catch (error) {
      if (error instanceof Rehearsed) return error.result as T;
      throw error;
    }
  }

  /**
   * From now on each transaction begins with `work`, whose first statement goes along with its `begin`. It must not write,
   * nor lock; a transaction that sees one state of things alone begins without.
   */
  atBegin(work: () => Promise<unknown>): void {
    this.beginnings.push(work);
  }

  /**
   * Runs what `prepare` answers as the last of the transaction, at once when there is none. Nothing waits for its result but
   * the commit, which is sent along with it: the way to the server and back costs as much as many a statement.
   */
  async atCommit(prepare: () => Statement | Promise<Statement>): Promise<void> {
    const transaction = this.scope.getStore();
    if (transaction) transaction.atCommit.push(prepare);
    else {
      const { sql, parameters } = await prepare();
      await this.run(sql, parameters);
    }
  }

  /** Runs once the transaction has committed and before its caller goes on; at once when there is none. */
  async afterCommit(effect: () => Promise<void> | void): Promise<void> {
    const transaction = this.scope.getStore();
    if (transaction) transaction.afterCommit.push(effect);
    else await effect();
  }

  private async once<T>(work: () => Promise<T>, { isolation, statementSeconds }: TransactionOptions): Promise<T> {
    const client = await this.pool.connect();
    const queryTimeout = statementSeconds && (statementSeconds + 1) * 1000;
    const transaction: Transaction = { client, queryTimeout, atCommit: [], afterCommit: [] };
    let result: T;
    try {
      if (isolation) await client.query(`begin isolation level ${isolation}`);
      else await this.scope.run(transaction, () => this.begin(client));
      if (statementSeconds) await client.query(`set local statement_timeout = '${statementSeconds}s'`);
      result = await this.scope.run(transaction, work);
      await this.scope.run(transaction, () => this.commit(transaction));
    } catch (error) {
      // a connection that is closed rolls back as well
      const usable = isConnectionUsable(error) && (await succeeds(client.query('rollback')));
      client.release(!usable);
      throw error;
    }
    client.release();
    for (const effect of transaction.afterCommit) await effect();
    return result;
  }

  private async begin(client: pg.PoolClient): Promise<void> {
    await Promise.all([client.query('begin'), ...this.beginnings.map((work) => work())]);
  }

  /** Where one of the last statements fails, the commit behind it undoes all. */
  private async commit({ client, atCommit }: Transaction): Promise<void> {
    const last: Statement[] = [];
    for (const prepare of atCommit) last.push(await prepare());
    await Promise.all([...last.map(({ sql, parameters }) => this.run(sql, parameters)), client.query('commit')]);
  }

  private async execute<T extends pg.QueryResultRow>(sql: string, parameters: Parameters): Promise<pg.QueryResult<T>> {
    const { statement, name } = this.prepare(sql);
    const transaction = this.scope.getStore();
    const query: pg.QueryConfig & { query_timeout?: number } = { text: sql, values: parameters as unknown[] };
    if (this.options.prepared) query.name = name;
    if (transaction?.queryTimeout) query.query_timeout = transaction.queryTimeout;
    const started = performance.now();
    let rows = 0;
    let failed = true;
    try {
      const result = await (transaction ? transaction.client.query<T>(query) : this.queryPool<T>(query));
      rows = result.rowCount ?? 0;
      failed = false;
      return result;
    } catch (error) {
      // the transaction decides whether it can be tried again
      throw transaction && isRetryable(error) ? error : translate(error);
    } finally {
      const durationSeconds = (performance.now() - started) / 1000;
      this.options.onStatement?.({ statement, durationSeconds, rows, failed });
    }
  }

  /** `pool.query` would throw a connection away with every refused statement. */
  private async queryPool<T extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<T>> {
    const client = await this.pool.connect();
    try {
      const result = await client.query<T>(query);
      client.release();
      return result;
    } catch (error) {
      client.release(!isConnectionUsable(error));
      throw error;
    }
  }

  private prepare(sql: string): Prepared {
    let prepared = this.names.get(sql);
    if (!prepared) {
      const statement = /^\s*-- ([a-z]\w*\.[a-zA-Z]\w*)\n/.exec(sql)?.[1];
      if (!statement) throw new Error(`a statement must begin with its name, "-- feature.name": ${sql.slice(0, 80)}`);
      const hash = createHash('sha256').update(sql).digest('hex').slice(0, 8);
      if (this.names.size >= mostPrepared) return { statement, name: undefined };
      prepared = { statement, name: `${statement.slice(0, 54)}_${hash}` };
      this.names.set(sql, prepared);
    }
    return prepared;
  }

  private get pool(): pg.Pool {
    return (this.source.driver as unknown as { master: pg.Pool }).master;
  }
}

/** Ends a rehearsal: the only way out of a transaction that undoes it. */
class Rehearsed extends Error {
  constructor(readonly result: unknown) {
    super('a rehearsal is over');
  }
}

function succeeds(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
