import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Statement } from './load.js';

interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** Transactions per second; as many as possible where it is not given. */
  readonly rate?: number;
}

/** Transactions per second of prepared statements under pgbench; undefined where it is not installed. */
export function pgbench(databaseUrl: string, scripts: readonly string[], load: Load): number | undefined {
  return measure(databaseUrl, scripts, load)?.perSecond;
}

/** What each transaction took, in milliseconds; undefined where pgbench is not installed. */
export function pgbenchTimes(databaseUrl: string, scripts: readonly string[], load: Load): number[] | undefined {
  return measure(databaseUrl, scripts, load)?.times;
}

function measure(
  databaseUrl: string,
  scripts: readonly string[],
  { connections, seconds, rate: pace }: Load,
): { readonly perSecond: number; readonly times: number[] } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const files = scripts.map((script, index) => {
      const file = join(folder, `${index}.sql`);
      writeFileSync(file, script);
      return ['-f', file];
    });
    const run = spawnSync(
      'pgbench',
      [
        '-n',
        '-M',
        'prepared',
        '-c',
        `${connections}`,
        '-j',
        `${Math.min(connections, 2)}`,
        '-T',
        `${seconds}`,
        ...(pace ? ['-R', pace.toFixed(0)] : []),
        '--log',
        `--log-prefix=${join(folder, 'log')}`,
        ...files.flat(),
        databaseUrl,
      ],
      { encoding: 'utf8', env: { ...process.env, PGOPTIONS: '-c jit=off -c plan_cache_mode=force_generic_plan' } },
    );
    if (run.error) return undefined;
    const rate = /^tps = ([\d.]+)/m.exec(run.stdout)?.[1];
    if (rate === undefined || / ERROR: /.test(run.stderr))
      throw new Error(`pgbench failed: ${run.stderr.slice(0, 2_000)}`);
    // client, number, microseconds …, and of these last how many it began too late
    const lines = readdirSync(folder)
      .filter((name) => name.startsWith('log.'))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
    const times = lines.map((line) => {
      const [, , took, , , , late = 0] = line.split(' ');
      return (Number(took) - Number(late)) / 1000;
    });
    return { perSecond: Number(rate), times };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A statement as a line of a pgbench script, its parameters written as literals. */
export function scriptOf(statements: readonly Statement[]): string {
  return statements.map(({ sql, parameters }) => line(sql, parameters.map(literal))).join('\n');
}

/** The same with any SQL expression in place of a parameter. pgbench wants one line and reads `:name` as a variable. */
export function line(sql: string, expressions: readonly string[]): string {
  const filled = sql
    .replace(/--[^\n]*\n/g, ' ')
    .replace(/\$(\d+)/g, (_, n: string) => `(${expressions[Number(n) - 1]!})`);
  // a format such as HH24:MI would be read as a variable
  return `${filled
    .replace(/(?<!:):(?=[A-Z])/g, "' || ':' || '")
    .replace(/\s+/g, ' ')
    .trim()};`;
}

/** A parameter as SQL, of the type that it looks like. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return `'${value.toISOString()}'::timestamptz`;
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'::bytea`;
  if (Array.isArray(value)) return `array[${value.map(literal).join(',')}]`;
  const text = String(value).replaceAll("'", "''");
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text)) return `'${text}'::uuid`;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `'${text}'::date`;
  // a text would be made a range of for each row
  if (/^[[(]\d{4}-/.test(text)) return `'${text}'`;
  return `'${text}'::text`;
}
