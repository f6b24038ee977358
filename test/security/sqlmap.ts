import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleOf, type Operation } from '../operations.js';
import { attackable, queries, Target } from './target.js';

/**
 * `npm run scan:sqlmap`: sqlmap over every documented operation, as an administrator, with every value of path, query and
 * body as a place to inject. Risk 1: nothing that would write by injection. `-- <text>` limits it to operations with
 * that text in their name.
 */
const secondsPerRequest = 240;
const only = process.argv[2] ?? '';

/** As HTTP; `*` marks where sqlmap injects. */
function requestOf(target: Target, operation: Operation, path: string, query: readonly [string, string][]): string {
  const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}*`).join('&');
  const marked = operation.path.includes('{') ? path.replace(/([0-9a-f]{4}-[0-9a-f]{12})/g, '$1*') : path;
  const body = operation.body ? JSON.stringify(mark(operation.bodyExample ?? exampleOf(operation.body))) : '';
  return [
    `${operation.method.toUpperCase()} ${marked}${search && `?${search}`} HTTP/1.1`,
    `Host: ${new URL(target.url).host}`,
    'Accept: application/json',
    ...(operation.isPublic ? [] : [`Authorization: Bearer ${target.token}`]),
    ...(body ? ['Content-Type: application/json'] : []),
    '',
    body,
  ].join('\r\n');
}

function mark(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(mark);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mark(inner)]));
  }
  return typeof value === 'string' ? `${value}*` : value;
}

async function attack(file: string, output: string): Promise<string> {
  const child = spawn(
    'sqlmap',
    [
      ...['-r', file, '--batch', '--ignore-stdin', '--flush-session', '--output-dir', output, '--disable-coloring'],
      ...['--dbms', 'PostgreSQL', '--level', '2', '--risk', '1', '--time-sec', '2', '--threads', '4'],
      // what UNION could reach shows in the others first, in a tenth of the time
      ...['--technique', 'BEST'],
      ...['--timeout', '6', '--retries', '0', '--ignore-code', '400,401,403,404,409,412,413,415,422,429'],
      ...['--skip-waf', '--answers', 'other=N,reduce=N,skip=N'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let late = false;
  const timer = setTimeout(() => (late = child.kill()), secondsPerRequest * 1000);
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  child.stderr.on('data', (chunk) => (text += String(chunk)));
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return late ? `${text}\nout of time` : text;
}

function verdictOf(text: string): 'clean' | 'INJECTABLE' | 'out of time' | 'inconclusive' {
  if (/identified the following injection point|is vulnerable/.test(text)) return 'INJECTABLE';
  if (/all tested parameters do not appear to be injectable/.test(text)) return 'clean';
  return text.endsWith('out of time') ? 'out of time' : 'inconclusive';
}

const directory = await mkdtemp(join(tmpdir(), 'sqlmap-'));
const target = await Target.start();
const started = performance.now();
const counts: Record<string, number> = {};
try {
  for (const operation of attackable.filter(({ name }) => name.includes(only))) {
    const path = await target.pathOf(operation);
    const places = queries(operation);
    if (places.length === 0 && !operation.body && !operation.path.includes('{')) continue;
    for (const query of places.length > 0 ? places : [[]]) {
      const file = join(directory, 'request.http');
      await writeFile(file, requestOf(target, operation, path, query));
      const text = await attack(file, directory);
      const verdict = verdictOf(text);
      counts[verdict] = (counts[verdict] ?? 0) + 1;
      const what = `${operation.name}${query.length > 0 ? ` ?${query.map(([name]) => name).join('&')}` : ''}`;
      process.stdout.write(`${verdict.padEnd(12)} ${what}\n`);
      if (verdict === 'INJECTABLE' || verdict === 'inconclusive') process.stdout.write(`${text.slice(-3_000)}\n`);
    }
  }
} finally {
  await target.stop();
  await rm(directory, { recursive: true, force: true });
}
const said = Object.entries(counts).map(([verdict, count]) => `${count} ${verdict}`);
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(`sqlmap: ${said.join(', ')}; ${target.failures.length} answers of 500; ${seconds} s\n`);
process.stdout.write(target.failures.slice(0, 10).join('\n'));
process.exitCode = (counts.clean ?? 0) > 0 && Object.keys(counts).length === 1 && target.failures.length === 0 ? 0 : 1;
