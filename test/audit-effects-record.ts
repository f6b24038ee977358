import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { currentRequest } from '../src/http/request.js';
import type { Effect } from './audit-effects.js';

export const effectsFile = (): string => join(tmpdir(), `${process.env.TEST_TEMPLATE}-effects`);

/** Not `for update` and not `on conflict do update`. */
const writing =
  /\binsert\s+into\b|\bdelete\s+from\b|\bmerge\s+into\b|\bupdate\s+(only\s+)?[\w.]+(\s+(as\s+)?\w+)?\s+set\b|\btruncate\b/i;

interface Watched {
  readonly writes: Set<string>;
  isAudited: boolean;
}

interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Among the parameters of `audit.insert`. */
const requestIds = 8;

const runs = new AsyncLocalStorage<Watched>();
const requests = new WeakMap<
  IncomingMessage,
  { readonly of: string; readonly id: string; readonly watched: Watched }
>();
/** Of each connection, what its transaction has written so far. */
const uncommitted = new WeakMap<object, (() => void)[]>();
const audited = new Set<string>();
const seen = new Set<string>();

/** Runs in every test file: writes down what its requests and jobs do, a line of JSON each, for the reporter of the run. */
export function recordEffects(): void {
  const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = client;
  client.query = function (this: object, ...args: unknown[]): unknown {
    const [first] = args;
    const { text = '', values = [] } = (typeof first === 'string' ? { text: first } : (first ?? {})) as Partial<Query>;
    const answer = query.apply(this, args);
    if (/^begin\b/.test(text)) uncommitted.set(this, []);
    else if (/^(commit|rollback)\b/.test(text)) {
      const writes = uncommitted.get(this) ?? [];
      uncommitted.delete(this);
      if (text.startsWith('commit')) for (const write of writes) write();
    } else if (/^\s*-- /.test(text)) follow(this, { text, values }, answer);
    return answer;
  };
  subscribe('http.server.response.finish', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const known = requests.get(request);
    if (!known || response.statusCode < 200 || response.statusCode > 299) return;
    const { of, id, watched } = known;
    append({ of, writes: [...watched.writes].sort(), isAudited: watched.isAudited || audited.has(id) });
  });
}

function follow(connection: object, { text, values }: Query, answer: unknown): void {
  const watched = runs.getStore() ?? watchedRequest();
  const name = /-- (\S+)/.exec(text)![1]!;
  if (name === 'audit.insert') {
    if (watched) watched.isAudited = true;
    // readers share an insert, which is sent by one of them
    for (const id of [values[requestIds]].flat() as (string | null)[]) if (id !== null) audited.add(id);
  } else if (watched && writing.test(text.replaceAll(/'[^']*'|--.*$/gm, '')) && answer instanceof Promise) {
    void (answer as Promise<{ rowCount: number | null }>).then(
      ({ rowCount }) => {
        if (rowCount === 0) return;
        const write = (): void => void watched.writes.add(name);
        const transaction = uncommitted.get(connection);
        if (transaction) transaction.push(write);
        else write();
      },
      () => undefined,
    );
  }
}

function watchedRequest(): Watched | undefined {
  const request = currentRequest();
  if (!request) return undefined;
  let known = requests.get(request.raw);
  if (!known) {
    const watched: Watched = { writes: new Set(), isAudited: false };
    known = { of: `${request.method} ${request.template}`, id: request.id, watched };
    requests.set(request.raw, known);
  }
  return known.watched;
}

/** As a run of a job: what it sends counts as its own. */
export async function watchRun<T>(job: string, run: () => Promise<T>): Promise<T> {
  const watched: Watched = { writes: new Set(), isAudited: false };
  const outcome = await runs.run(watched, run);
  append({ of: `job ${job}`, writes: [...watched.writes].sort(), isAudited: watched.isAudited });
  return outcome;
}

function append(effect: Effect): void {
  const line = JSON.stringify(effect);
  if (seen.has(line)) return;
  seen.add(line);
  appendFileSync(effectsFile(), `${line}\n`);
}
