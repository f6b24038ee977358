import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import autocannon from 'autocannon';

export interface Call {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: () => string;
}

export interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Per answer, of the server process and of PostgreSQL; undefined where /proc is not there. */
  readonly cpu: { readonly server: number; readonly database: number } | undefined;
  readonly failures: number;
}

/** Calls a server as fast as `connections` allow, each going through `calls` in turn. */
export async function load(
  url: string,
  calls: readonly Call[],
  options: {
    readonly connections: number;
    readonly seconds: number;
    readonly server: number;
    readonly postmaster: number;
    /** Calls per second of all connections together; as many as possible where it is not given. */
    readonly rate?: number;
  },
): Promise<Rate> {
  const cpu = () => [cpuSeconds(options.server), cpuSeconds(options.postmaster)] as const;
  const before = cpu();
  const result = await autocannon({
    url,
    connections: Math.min(options.connections, calls.length),
    duration: options.seconds,
    ...(options.rate ? { overallRate: options.rate } : {}),
    requests: calls.map(({ method = 'GET', path, headers, body }) => ({
      method,
      path,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { setupRequest: (request: autocannon.Request) => ({ ...request, body: body() }) } : {}),
    })),
  });
  const after = cpu();
  const answered = result['2xx'] + (result['3xx'] ?? 0);
  return {
    perSecond: answered / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    cpu:
      before[0] === undefined
        ? undefined
        : {
            server: ((after[0]! - before[0]) * 1e6) / Math.max(answered, 1),
            database: ((after[1]! - before[1]!) * 1e6) / Math.max(answered, 1),
          },
    failures: result.non2xx - (result['3xx'] ?? 0) + result.errors,
  };
}

/** User and system time of a process and its children; Linux only. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    let ticks = 0;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      let stat: string;
      try {
        stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      } catch {
        continue; // has just ended
      }
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const own = Number(name) === pid;
      if (own || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
      // and of its children that have ended
      if (own) ticks += Number(fields[13]) + Number(fields[14]);
    }
    return ticks / 100;
  } catch {
    return undefined;
  }
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** A few load generators ask for what thousands of people would: counted as ever, and never refused. */
export const noLimits = Object.fromEntries(
  ['USER', 'SERVICE', 'EXPENSIVE', 'ADDRESS', 'SIGN_IN'].map((name) => [`RATE_LIMIT_${name}`, '1000000000']),
);

/** The API as it is deployed, with everything on. */
export async function startApi(environment: Record<string, string>): Promise<Server> {
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  const child = fork('dist/src/main.js', {
    // or it would have the loader of the bench, in a thread of its own
    execArgv: [],
    env: { ...process.env, ...noLimits, ...environment, NODE_ENV: 'production', PORT: port, DRAIN_SECONDS: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ready = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { url, pid: child.pid!, stop: () => void child.kill('SIGTERM') };
    if (attempt === 300 || child.exitCode !== null) throw new Error('the API does not start');
  }
}

/** A peer: a bare server in a process of its own, told what to do. */
export async function startPeer(task: PeerTask): Promise<Server> {
  const child: ChildProcess = fork(new URL('peer.ts', import.meta.url), {
    execArgv: ['--import', './test/typescript.js'],
  });
  child.send(task);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(message as string));
    child.once('exit', () => reject(new Error('the peer does not start')));
  });
  return { url, pid: child.pid!, stop: () => void child.kill() };
}

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** `bytes`: Fastify that answers one body. `statements`: node:http that runs the statements of the path's number. */
export type PeerTask =
  | { readonly kind: 'bytes'; readonly body: string }
  | { readonly kind: 'statements'; readonly databaseUrl: string; readonly calls: readonly (readonly Statement[])[] };
