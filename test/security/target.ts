import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { demoLogins, demoPassword } from '../../src/imports/demo-tenants.js';
import { exampleOf, type Operation, operations, type Parameter, resolve } from '../operations.js';
import { freePort } from '../redis.js';

/** The demo, in a directory that is gone afterwards, to be attacked. Expects `npm run build`. */
export class Target {
  /** Lines of its log that say it met what it had not expected. */
  readonly failures: string[] = [];
  token = '';

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  static async start(): Promise<Target> {
    const directory = await mkdtemp(join(tmpdir(), 'target-'));
    // as root the database runs as somebody else
    await chmod(directory, 0o755);
    const port = await freePort();
    const limits = ['USER', 'SERVICE', 'EXPENSIVE', 'ADDRESS', 'SIGN_IN'].map((name) => `RATE_LIMIT_${name}`);
    const child = spawn('node', ['dist/src/demo.js'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...{ PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: join(directory, 'data'), PORT: `${port}` },
        // the headers are those behind a proxy that has TLS
        TRUST_PROXY: 'true',
        ...{ LOG_LEVEL: 'warn', ACCESS_TOKEN_LIFETIME_SECONDS: '86400', LOGIN_ATTEMPTS_PER_MINUTE: '10000' },
        ...Object.fromEntries(limits.map((name): [string, string] => [name, '1000000000'])),
      },
    });
    const target = new Target(`http://127.0.0.1:${port}`, child, directory);
    await target.ready();
    target.token = await target.signIn();
    return target;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
    return response.ok ? response.json() : null;
  }

  /** The path with parameters that exist where the list beside it shows one. */
  async pathOf({ path }: Operation): Promise<string> {
    let found = path;
    for (const [part] of path.matchAll(/\{\w+\}/g)) {
      const list = (await this.get(found.slice(0, found.indexOf(`/${part}`)))) as { data?: { id?: string }[] } | null;
      found = found.replace(part, list?.data?.[0]?.id ?? '0198f000-0000-7000-8000-00000000000f');
    }
    return found;
  }

  private async ready(): Promise<void> {
    const lines = createInterface({ input: this.child.stdout! });
    await new Promise<void>((ready, failed) => {
      lines.on('line', (line) => {
        if (line.startsWith('Ready after')) ready();
        if (/^\{"level":"error"/.test(line)) this.failures.push(line);
      });
      this.child.once('exit', (code) => failed(new Error(`the target ended with ${code}`)));
    });
  }

  private async signIn(): Promise<string> {
    const { tenant, email } = demoLogins.find(({ role }) => role === 'admin')!;
    const response = await fetch(`${this.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tenant, email, password: demoPassword }),
    });
    return ((await response.json()) as { accessToken: string }).accessToken;
  }
}

/** All but what would sign the attacker out or deactivate them, and what does not end. */
export const attackable = operations.filter(
  ({ name, isStream }) =>
    !isStream && !/logout|sign-?ins|sign-?out|password|deactivat|delete .*users|rotat/i.test(name),
);

/** Values for the query that do not exclude each other; what does, and what searches, comes alone. */
export function queries({ parameters }: Operation): [string, string][][] {
  const given = parameters.filter((parameter) => parameter.in === 'query');
  const entry = ({ name, schema }: Parameter): [string, string] => [
    name,
    // something is found, and so something would differ
    name === 'search' ? 'a' : String(exampleOf(resolve(schema))),
  ];
  const alone = given.filter(({ name }) => ['cursor', 'segmentId', 'search'].includes(name));
  const together = given.filter((parameter) => !alone.includes(parameter));
  return [...(together.length > 0 ? [together.map(entry)] : []), ...alone.map((parameter) => [entry(parameter)])];
}
