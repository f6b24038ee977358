import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inUrl, nasty } from '../nasty.js';
import { operations } from '../operations.js';
import fc from '../property.js';
import { Target } from './target.js';

/**
 * `npm run fuzz`: every parameter of every list with text that was meant badly, one after the other, and beside it a
 * probe that touches no database: how long that waits is how long the event loop was kept from everybody else.
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '60' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);

interface Times {
  readonly name: string;
  readonly milliseconds: number[];
  readonly statuses: Record<number, number>;
  slowest: string;
}
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor((sorted.length - 1) * share)]!;
const show = (numbers: readonly number[]): string => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return [0.5, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1).padStart(7)).join(' ');
};

const target = await Target.start();
const headers = { authorization: `Bearer ${target.token}` };
const timed = async (path: string): Promise<{ milliseconds: number; status: number }> => {
  const started = performance.now();
  const response = await fetch(target.url + path, { headers });
  await response.arrayBuffer();
  return { milliseconds: performance.now() - started, status: response.status };
};

const probes: number[] = [];
let running = true;
const probing = (async () => {
  while (running) {
    probes.push((await timed('/health/live')).milliseconds);
    await sleep(2);
  }
})();

const all: Times[] = [];
try {
  for (const operation of operations.filter(({ method, isStream }) => method === 'get' && !isStream)) {
    const path = await target.pathOf(operation);
    for (const { name } of operation.parameters.filter((parameter) => parameter.in === 'query')) {
      const times: Times = { name: `${operation.path} ?${name}`, milliseconds: [], statuses: {}, slowest: '' };
      for (const text of fc.sample(nasty, { numRuns: Number(values.runs), seed })) {
        const { milliseconds, status } = await timed(`${path}?${name}=${inUrl(text)}`);
        if (milliseconds > Math.max(0, ...times.milliseconds)) times.slowest = JSON.stringify(text).slice(0, 60);
        times.milliseconds.push(milliseconds);
        times.statuses[status] = (times.statuses[status] ?? 0) + 1;
      }
      all.push(times);
    }
  }
} finally {
  running = false;
  await probing;
  await target.stop();
}

const line = (text: string): void => void process.stdout.write(`${text}\n`);
line(`seed ${seed}; milliseconds    p50     p99     max   statuses`);
for (const { name, milliseconds, statuses, slowest } of all.toSorted(
  (a, b) => Math.max(...b.milliseconds) - Math.max(...a.milliseconds),
)) {
  line(`${name.padEnd(40)} ${show(milliseconds)}   ${JSON.stringify(statuses)} ${slowest}`);
}
line(`${'the probe meanwhile'.padEnd(40)} ${show(probes)}   ${probes.length} times`);
const requests = all.flatMap(({ milliseconds }) => milliseconds);
const failed = all.flatMap(({ statuses }) => Object.entries(statuses)).filter(([status]) => Number(status) >= 500);
line(`${requests.length} requests, ${failed.reduce((sum, [, count]) => sum + count, 0)} answers of 500 or more`);
process.exitCode = failed.length === 0 && target.failures.length === 0 ? 0 : 1;
