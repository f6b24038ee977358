import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, call: ReceivedCall) => void;

export interface Receiver {
  /** Without a slash at the end: `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedCall[];
  /** The most connections that were open at the same time. */
  readonly mostConnections: number;
  /** How the next calls are answered, 204 unless told. */
  answer(answer: Answer): void;
  stop(): Promise<void>;
}

const accept: Answer = (response) => void response.writeHead(204).end();

/** A tenant's own system, on a free port of this machine. */
export async function startReceiver(): Promise<Receiver> {
  const received: ReceivedCall[] = [];
  let answer = accept;
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => void hear(request, response));
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const call = { path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() };
    received.push(call);
    answer(response, call);
  };
  server.on('connection', (socket) => {
    most = Math.max(most, ++open);
    socket.on('error', () => undefined).on('close', () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    get mostConnections() {
      return most;
    },
    answer: (next) => (answer = next),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What real receivers do. */
export const answers = {
  accept,
  status:
    (status: number, headers: Record<string, string> = {}, body = ''): Answer =>
    (response) =>
      void response.writeHead(status, headers).end(body),
  never: () => undefined,
  /** In the middle of the answer's head. */
  die: ((response) => void response.socket!.end('HTTP/1.1 200')) as Answer,
  /** As fast as it is taken, and then waits to be let go. */
  flood: (bytes: number, sent: (bytes: number) => void): Answer => {
    const chunk = Buffer.alloc(65_536, 'x');
    return (response) => {
      let total = 0;
      const more = (): void => {
        while (total < bytes && !response.destroyed) {
          total += chunk.length;
          sent(total);
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      response.writeHead(200, { 'content-length': String(bytes) });
      more();
    };
  },
} satisfies Record<string, Answer | ((...args: never[]) => Answer)>;
