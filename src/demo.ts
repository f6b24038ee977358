import { createServer } from 'node:net';
import { createApp } from './app.js';
import { type Config, readConfig } from './config.js';
import { openDatabase, type OpenDatabase } from './database/open.js';
import { exitOnSignal, withServices } from './import-process.js';
import { demoLogins, demoPassword, DemoTenants } from './imports/demo-tenants.js';
import type { SignedIn } from './auth/auth.dto.js';
import { createLog } from './http/log.js';
import { bringUpToDate } from './up-to-date.js';

/**
 * `npm run demo`: everything in one process over data that is there after the first start. Stops what it started.
 */
const folder = 'data/demo/oulad';
const longestStopSeconds = 30;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
let database: OpenDatabase | undefined;
try {
  const started = performance.now();
  const given = readConfig();
  if (given.environment === 'production')
    throw new Error('the demo has known passwords: it does not run in production');
  const noSignal = exitOnSignal();
  database = await openDatabase(given, { applicationName: 'demo', log: say });
  await bringUpToDate(database, say);
  await withServices(given, database, async (services) => {
    const tenants = services.get(DemoTenants, { strict: false });
    const others = database!.embedded ? [] : await tenants.listOthers();
    if (others.length > 0) {
      throw new Error(
        `the database of DATABASE_URL has tenants of its own (${others.slice(0, 5).join(', ')}): the demo would open ` +
          'accounts with known passwords beside them; give it an empty database',
      );
    }
    await tenants.prepare(folder, new Date(), say);
  });
  noSignal();
  const config = await atFreePort({ ...given, logLevel: given.logLevel === 'info' ? 'warn' : given.logLevel });
  const app = await createApp(config, {
    source: database.source,
    owner: database.owner,
    log: createLog(config),
    worker: true,
    listen: true,
  });
  await introduce(await app.getUrl(), started);
  await stopSignal();
  say('stopping');
  setTimeout(() => process.exit(1), longestStopSeconds * 1000).unref();
  await app.getHttpAdapter().close();
  await app.close();
  await database.close();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  await database?.close().catch(() => undefined);
  process.exit(1);
}

/** The configured port, or the next one that nobody listens on. */
async function atFreePort(config: Config): Promise<Config> {
  for (let port = config.port; port < config.port + 100 && port <= 65_535; port++) {
    if (!(await isFree(port, config.host))) continue;
    if (port !== config.port) say(`port ${config.port} is taken: using ${port}`);
    return { ...config, port };
  }
  throw new Error(`the ports from ${config.port} on are taken: set PORT`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

async function introduce(url: string, started: number): Promise<void> {
  const [instructor] = demoLogins;
  const credentials = { tenant: instructor.tenant, email: instructor.email, password: demoPassword };
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  if (!response.ok) throw new Error(`signing in as ${instructor.email} failed with ${response.status}`);
  const { accessToken, expiresInSeconds } = (await response.json()) as SignedIn;
  const rows = [
    ['', 'tenant', 'e-mail', 'password'],
    ...demoLogins.map(({ role, tenant, email }) => [role, tenant, email, demoPassword]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  say(`
Ready after ${((performance.now() - started) / 1000).toFixed(1)} s. Today is day 90 of the courses.

  Swagger   ${url}/docs

${rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('   ')}`.trimEnd()).join('\n')}

An instructor's dashboard, for the next ${expiresInSeconds / 60} minutes:

  curl -s ${url}/api/v1/dashboard -H 'Authorization: Bearer ${accessToken}'

The data are of real students of the Open University (OULAD, CC BY 4.0); the academy is made up.
Ctrl-C stops everything that was started here.`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (): void => {
      if (stopping) process.exit(1);
      stopping = true;
      resolve();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}
