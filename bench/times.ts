import { Agent, request } from 'node:http';
import type { Call } from './load.js';

/** Of one question, in milliseconds. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), count: sorted.length };
}

/**
 * What each answer took, for `seconds` and at least once for each call, by `connections` that each wait for their answer
 * before they ask for the next. Not as fast as can be, but as long as one person waits.
 * @throws Error for an answer that is none
 */
export async function askAll(
  url: string,
  calls: readonly Call[],
  { connections, seconds, until }: { connections: number; seconds: number; until?: () => boolean },
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const [times, end] = [[] as number[], performance.now() + seconds * 1000];
  let next = 0;
  const isOver = (): boolean => (until ? until() : next >= calls.length && performance.now() > end);
  const connection = async (): Promise<void> => {
    while (!isOver()) times.push(await ask(agent, url, calls[next++ % calls.length]!));
  };
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  return times;
}

function ask(agent: Agent, url: string, { path, headers }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request(`${url}${path}`, { agent, headers: { ...headers } }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began);
        else reject(new Error(`${path} was answered with ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
