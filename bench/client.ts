import { Agent, request } from 'node:http';

/** What `connections` ask in turn, each waiting for its answer before it goes on. */
export interface Questions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly asked: readonly { readonly method: 'GET' | 'PATCH'; readonly path: string; readonly body?: string }[];
}

/** In milliseconds. */
export interface Answers {
  /** Of each question. */
  readonly times: number[];
  /** Of all together. */
  readonly took: number;
}

const agent = new Agent({ keepAlive: true });

/** A process of its own, so that what a client does for itself is not taken for the server's. */
process.on('message', (questions: Questions) => void askAll(questions).then((answers) => process.send!(answers)));
process.on('disconnect', () => process.exit(0));

async function askAll({ url, headers, connections, asked }: Questions): Promise<Answers> {
  const [times, began] = [[] as number[], performance.now()];
  let next = 0;
  const connection = async (): Promise<void> => {
    for (let one = asked[next++]; one; one = asked[next++]) times.push(await ask(url, headers, one));
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return { times, took: performance.now() - began };
}

function ask(
  url: string,
  headers: Questions['headers'],
  { method, path, body }: Questions['asked'][number],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(`${url}${path}`, { agent, method, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(`${method} ${path} was answered with ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
