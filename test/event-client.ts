import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Viewer } from '../src/http/viewer.js';
import type { TestApp } from './app.js';

export interface Heard {
  /** Empty: it has none of its own. */
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Options {
  readonly lastEventId?: string;
  readonly kinds?: string;
  /** In place of one that is signed for the viewer. */
  readonly token?: string;
  /** In place of any token. */
  readonly ticket?: string;
}

const patienceMs = 60_000;

/** A client of Server-Sent Events as browsers have it (WHATWG HTML, 9.2.6), except that it comes again when it is told. */
export class EventClient {
  readonly heard: Heard[] = [];
  /** Comments and ids alone, which are told to nobody. */
  silent = 0;
  lastEventId = '';
  ended = false;
  status = 0;
  headers: IncomingMessage['headers'] = {};
  body = '';
  private text = '';
  private outgoing: ClientRequest | undefined;
  private incoming: IncomingMessage | undefined;

  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly kinds: string | undefined,
    private readonly ticket: string | undefined,
  ) {}

  /** Resolves once the headers have come. */
  static async open(app: Pick<TestApp, 'url' | 'token'>, viewer: Viewer, options: Options = {}): Promise<EventClient> {
    const client = new EventClient(app.url, options.token ?? app.token(viewer), options.kinds, options.ticket);
    client.lastEventId = options.lastEventId ?? '';
    await client.connect();
    return client;
  }

  /** Goes on from the last id. */
  async connect(url = this.url): Promise<void> {
    this.ended = false;
    this.text = '';
    const parameters = { kinds: this.kinds, ticket: this.ticket };
    const query = Object.entries(parameters).map(([name, value]) => (value === undefined ? '' : `${name}=${value}`));
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.ticket === undefined) headers['authorization'] = `Bearer ${this.token}`;
    if (this.lastEventId) headers['last-event-id'] = this.lastEventId;
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      this.outgoing = request(
        `${url}/api/v1/events?${query.filter(Boolean).join('&')}`,
        { headers, agent: false },
        resolve,
      );
      this.outgoing.on('error', reject).end();
    });
    this.incoming = incoming;
    this.status = incoming.statusCode!;
    this.headers = incoming.headers;
    const isStream = incoming.headers['content-type'] === 'text/event-stream';
    incoming.setEncoding('utf8').on('error', () => undefined);
    incoming.on('close', () => (this.ended = this.incoming === incoming));
    incoming.on('data', (text: string) => {
      if (this.incoming !== incoming) return;
      if (isStream) this.read(text);
      else this.body += text;
    });
  }

  /** As a network does: what is on its way is lost. */
  cut(): void {
    this.incoming = undefined;
    this.outgoing?.destroy();
  }

  /** Takes nothing more out of the socket. */
  pause(): void {
    this.incoming?.pause();
  }

  resume(): void {
    this.incoming?.resume();
  }

  of(event: string): Heard[] {
    return this.heard.filter((one) => one.event === event);
  }

  async until(holds: (client: this) => boolean): Promise<this> {
    for (const started = performance.now(); !holds(this);) {
      if (performance.now() - started > patienceMs) {
        const state = this.ended ? 'ended' : 'open';
        throw new Error(
          `waited in vain: ${state}, ${this.heard.length} heard, ${JSON.stringify(this.heard.slice(-3))}`,
        );
      }
      await sleep(5);
    }
    return this;
  }

  private read(text: string): void {
    this.text += text;
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop()!;
    for (const block of blocks) this.dispatch(block);
  }

  private dispatch(block: string): void {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      }),
    );
    const id = fields.get('id');
    if (id !== undefined) this.lastEventId = id;
    const data = fields.get('data');
    if (data === undefined) this.silent += 1;
    else {
      const parsed = JSON.parse(data) as Heard['data'];
      this.heard.push({ id: id ?? '', event: fields.get('event') ?? 'message', data: parsed });
    }
  }
}
