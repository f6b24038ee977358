import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request from 'supertest';
import type { DataSource } from 'typeorm';
import { createApp, type AppOptions } from '../src/app.js';
import { TokensService } from '../src/auth/tokens.service.js';
import { type Config, readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { Database } from '../src/database/database.js';
import { OwnerDatabase } from '../src/database/owner-database.js';
import { createLog } from '../src/http/log.js';
import type { Credential, Viewer } from '../src/http/viewer.js';
import type { Binding } from '../src/jobs/handlers.js';
import { Runner } from '../src/jobs/runner.js';
import { watchRun } from './audit-effects-record.js';
import { connectPatiently, createTestDatabase, letGo, type TestDatabase } from './database.js';
import { adminIdOf, serviceIdOf } from './factories.js';

/** Stands still until it is set. */
export class TestClock extends Clock {
  constructor(private time: Date) {
    super();
  }

  override now(): Date {
    return this.time;
  }

  set(instant: string): void {
    this.time = new Date(instant);
  }

  advance(seconds: number): void {
    this.time = new Date(this.time.getTime() + seconds * 1000);
  }
}

/** Supertest with the prefix and the credentials in place: `client.get('/students').expect(200)`. */
export type Client = ReturnType<typeof request.agent>;

export interface TestAppOptions {
  /** 2026-03-02, a Monday, 08:00 UTC unless told. */
  readonly now?: string;
  /** Work off jobs in this process too. */
  readonly worker?: boolean;
  /** On top of a configuration as when embedded, with the cache in memory. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly extra?: AppOptions['extra'];
  /** Where the lines of its log go, all of them; nowhere unless told. */
  readonly log?: string[];
  /** That of another application, to have two on one database; whoever made it drops it. */
  readonly db?: TestDatabase;
  /** The connections of the application; whoever opened them closes them. */
  readonly source?: DataSource;
}

export interface TestApp {
  /** Without the prefix: `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly config: Config;
  readonly db: TestDatabase;
  readonly database: Database;
  readonly clock: TestClock;
  /** Without credentials. */
  readonly anonymous: Client;
  /** A token as the application signs it, good for ten years and not bound to a sign-in. */
  token(viewer: Viewer): string;
  /** The same, with a credential of its own. */
  tokenOf(viewer: Viewer, credential: Credential): string;
  /**
   * As a person of the factories: whoever writes must be in the database. Or as the administrator that `createTenant`
   * gave the tenant, or as the service.
   */
  as(viewer: Viewer): Client;
  as(role: 'admin' | 'service', tenant: { readonly tenantId: string }): Client;
  stop(): Promise<void>;
}

const tenYearsInSeconds = 315_360_000;

const credentialOf = ({ role, userId }: Viewer): Credential =>
  role === 'service' ? { kind: 'key', id: userId } : { kind: 'identity' };

/** The whole application, listening, on a database of its own. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { now = '2026-03-02T08:00:00Z', worker = false, environment = {}, extra, log: lines } = options;
  const db = options.db ?? (await createTestDatabase());
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: lines ? 'debug' : 'silent',
    PORT: '0',
    CACHE: 'memory',
    ...db.environment,
    // one key for all applications of all tests, as processes of one installation have it
    DATA_DIR: '.data/test',
    // the clock stands still, and so does the window
    ...Object.fromEntries(
      ['USER', 'SERVICE', 'EXPENSIVE', 'ADDRESS', 'SIGN_IN'].map((name) => [`RATE_LIMIT_${name}`, '1000000']),
    ),
    ...environment,
  });
  const clock = new TestClock(new Date(now));
  const log = lines && createLog(config, { write: (line) => void lines.push(line) });
  const source = options.source ?? (await connectPatiently(db.applicationUrl));
  const app = await createApp(config, { source, owner: db.source, clock, worker, extra, log, listen: true });
  if (worker) watchJobs(app);
  const url = await app.getUrl();
  const tokens = app.get(TokensService);
  const tokenOf = (viewer: Viewer, credential: Credential): string =>
    tokens.sign(viewer, credential, tenYearsInSeconds);
  const token = (viewer: Viewer): string => tokenOf(viewer, credentialOf(viewer));
  const client = (): Client => request.agent(`${url}/api/v1`);
  const as = (who: Viewer | 'admin' | 'service', tenant?: { readonly tenantId: string }): Client => {
    const viewer: Viewer =
      typeof who === 'object'
        ? who
        : {
            tenantId: tenant!.tenantId,
            userId: who === 'admin' ? adminIdOf(tenant!) : serviceIdOf(tenant!),
            role: who,
            departmentId: null,
          };
    return client().set('authorization', `Bearer ${token(viewer)}`);
  };
  const stop = async (): Promise<void> => {
    const databases = [app.get(Database), app.get(OwnerDatabase)];
    await app.close();
    databases.forEach(letGo);
    if (!options.source) await source.destroy();
    if (!options.db) await db.drop();
    // Node keeps test files for good, and with them what their variables hold
    for (const name of Object.keys(made)) Reflect.deleteProperty(made, name);
    Object.assign(made, { stop: isStopped });
  };
  const { database } = db;
  const made: TestApp = { url, app, config, db, database, clock, anonymous: client(), token, tokenOf, as, stop };
  return made;
}

/** What is stopped once may be stopped again. */
const isStopped = (): Promise<void> => Promise.resolve();

/** Each job of it, so that the reporter of the run knows what it wrote. */
function watchJobs(app: NestFastifyApplication): void {
  const { bindings } = app.get(Runner, { strict: false }) as unknown as { bindings: Map<string, Binding> };
  for (const [name, { definition, handle }] of bindings) {
    bindings.set(name, { definition, handle: (run) => watchRun(name, async () => handle(run)) });
  }
}
