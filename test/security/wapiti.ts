import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attackable, queries, Target } from './target.js';

/**
 * `npm run scan:wapiti`: wapiti over every documented GET with its query, the page of the documentation and probes, as an
 * administrator. Never its `ssrf` and `xxe` modules, which call a host outside, nor those that fetch lists from one.
 */
const modules = [
  ...['backup', 'blindsql', 'cookieflags', 'crlf', 'csp', 'exec', 'file', 'htaccess', 'http_headers', 'methods'],
  ...['permanentxss', 'redirect', 'shellshock', 'sql', 'xss'],
];
const seconds = 600;
const nowhere = 'http://127.0.0.1:9';
/** It is there, as 0: browsers that still know this header made holes with what it switched on. */
const argued = ['X-XSS-Protection is not set'];

interface Report {
  readonly vulnerabilities: Readonly<Record<string, readonly Finding[]>>;
  readonly anomalies: Readonly<Record<string, readonly Finding[]>>;
}
interface Finding {
  readonly method: string;
  readonly path: string;
  readonly info: string;
}

const directory = await mkdtemp(join(tmpdir(), 'wapiti-'));
const target = await Target.start();
try {
  const urls = [`${target.url}/docs`];
  for (const operation of attackable.filter(({ method }) => method === 'get')) {
    const path = target.url + (await target.pathOf(operation));
    const places = queries(operation);
    if (places.length === 0) urls.push(path);
    for (const query of places) urls.push(`${path}?${new URLSearchParams(query).toString()}`);
  }
  const file = join(directory, 'report.json');
  const child = spawn(
    'wapiti',
    [
      ...['-u', `${target.url}/`, '--scope', 'domain', '-d', '1', '-m', modules.join(','), '--no-bugreport'],
      ...['-H', `Authorization: Bearer ${target.token}`, '-t', '6', '--flush-session', '-l', '2', '-S', 'normal'],
      ...['--store-session', directory, '--store-config', directory, '-v', '0', '-f', 'json', '-o', file],
      ...['--max-scan-time', `${seconds}`, '--max-attack-time', '120', '--max-parameters', '30'],
      ...urls.flatMap((url) => ['-s', url]),
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: (seconds + 300) * 1000,
      // it looks for lists outside even when nothing asks for them: there is no way out
      env: { ...process.env, http_proxy: nowhere, https_proxy: nowhere, no_proxy: '127.0.0.1' },
    },
  );
  await new Promise((resolve) => child.once('close', resolve));
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  const findings = Object.entries({ ...report.vulnerabilities, ...report.anomalies }).flatMap(([kind, found]) =>
    found
      .filter(({ info }) => !argued.includes(info))
      .map(({ method, path, info }) => `${kind}: ${method} ${path}: ${info}`),
  );
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  for (const line of target.failures.slice(0, 10)) process.stdout.write(`${line}\n`);
  const said = `${urls.length} addresses, ${modules.length} modules, ${findings.length} findings`;
  process.stdout.write(`wapiti: ${said}, ${target.failures.length} answers of 500\n`);
  process.exitCode = findings.length === 0 && target.failures.length === 0 ? 0 : 1;
} finally {
  await target.stop();
  await rm(directory, { recursive: true, force: true });
}
