import { Agent, request } from 'node:http';

/** What `connections` ask in turn, each waiting for its answer before it goes on. */
export interface Questions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly asked: readonly { readonly method: 'GET' | 'PATCH'; readonly path: string; readonly body?: string }[];
}

const agent = new Agent({ keepAlive: true });

/** A process of its own, so that what a client does for itself is not taken for the server's: it says how long all took. */
process.on('message', (questions: Questions) => void askAll(questions).then((took) => process.send!(took)));
process.on('disconnect', () => process.exit(0));

/** @returns milliseconds */
async function askAll({ url, headers, connections, asked }: Questions): Promise<number> {
  const began = performance.now();
  let next = 0;
  const connection = async (): Promise<void> => {
    for (let one = asked[next++]; one; one = asked[next++]) await ask(url, headers, one);
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return performance.now() - began;
}

function ask(
  url: string,
  headers: Questions['headers'],
  { method, path, body }: Questions['asked'][number],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(`${url}${path}`, { agent, method, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${method} ${path} was answered with ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
