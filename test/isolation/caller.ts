import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Viewer } from '../../src/http/viewer.js';
import type { TestApp } from '../app.js';
import type { Sent } from './expectation.js';
import type { Actor } from './plan.js';

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly permission: string | null;
  /** Names of query parameters and headers. */
  readonly parameters: readonly string[];
}

export interface Answer {
  readonly status: number;
  /** All headers as they came. */
  readonly head: string;
  readonly body: Buffer;
  header(name: string): string;
}

/** An event stream does not end by itself. */
const streamMilliseconds = 300;

export function readOperations(): Operation[] {
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
    paths: Record<
      string,
      Record<string, { operationId: string; parameters?: { name: string }[]; 'x-permission'?: string | null }>
    >;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId: id, parameters = [], 'x-permission': permission = null }]): Operation => ({
        id,
        method: method.toUpperCase(),
        path,
        permission,
        parameters: parameters.map(({ name }) => name),
      }),
    ),
  );
}

/** Sends requests as they are, over connections that stay open. */
export class Caller {
  calls = 0;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private readonly tokens = new Map<string, string>();

  constructor(
    private readonly app: TestApp,
    private readonly permissions: readonly string[],
  ) {}

  /** @returns the answer, and the whole of what was said to get it */
  async call(operation: Operation, actor: Actor, sent: Sent): Promise<{ answer: Answer; said: string }> {
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(sent.path?.[name] ?? ''));
    const query = new URLSearchParams(sent.query).toString();
    const url = `${path}${query && `?${query}`}`;
    const [type, body] = contentOf(sent);
    const headers: Record<string, string> = { ...sent.headers };
    if (body !== undefined) headers['content-type'] = type;
    const said = `${url}\n${body}\n${Object.values(headers).join('\n')}`;
    const viewer = this.viewerOf(actor, operation);
    if (viewer) headers.authorization = `Bearer ${this.tokenOf(viewer)}`;
    this.calls++;
    return { answer: await this.send(operation.method, url, headers, body), said };
  }

  close(): void {
    this.agent.destroy();
  }

  private viewerOf({ role, viewer }: Actor, { permission }: Operation): Viewer | null {
    if (viewer?.role !== 'service') return viewer;
    const scopes = this.permissions.filter((name) => role === 'service' || name !== permission);
    return { ...viewer, scopes };
  }

  /** Kept: checking the signature of a new one would cost more than the rest of the call. */
  private tokenOf(viewer: Viewer): string {
    const key = JSON.stringify(viewer);
    const token = this.tokens.get(key) ?? this.app.token(viewer);
    this.tokens.set(key, token);
    return token;
  }

  private send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${this.app.url}${path}`, { method, headers, agent: this.agent }, (incoming) => {
        read(incoming).then(resolve, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function contentOf({ form, csv, body }: Sent): [type: string, text: string | undefined] {
  if (form) return ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()];
  return csv === undefined ? ['application/json', JSON.stringify(body)] : ['text/csv', csv];
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  const { headers, rawHeaders, statusCode } = incoming;
  const chunks: Buffer[] = [];
  const ended = (async () => {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  })();
  if (headers['content-type']?.startsWith('text/event-stream')) {
    await Promise.race([ended, sleep(streamMilliseconds)]);
    incoming.destroy();
    await ended.catch(() => undefined);
  } else await ended;
  return {
    status: statusCode!,
    head: rawHeaders.join('\n'),
    body: Buffer.concat(chunks),
    header: (name) => String(headers[name] ?? ''),
  };
}
