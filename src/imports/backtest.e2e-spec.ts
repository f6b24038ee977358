import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { startApp } from '../../test/app.js';
import { Backtest, type ScoredStudent } from './backtest.js';
import { readCourses } from './course-slice.js';
import { OuladFiles } from './oulad-files.js';
import { OuladOutcomes } from './oulad-outcomes.js';

const tiny = 'data/demo/oulad/tiny';
const days = [30, 60, 90, 120];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backtest-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

/** In a database of its own. */
async function withBacktest<T>(
  work: (backtest: Backtest, options: { moveTo: (moment: Date) => void; say: (line: string) => void }) => Promise<T>,
): Promise<{ result: T; said: string[] }> {
  const said: string[] = [];
  const app = await startApp();
  const moveTo = (moment: Date): void => app.clock.set(moment.toISOString());
  try {
    const backtest = app.app.get(Backtest, { strict: false });
    return { result: await work(backtest, { moveTo, say: (line) => said.push(line) }), said };
  } finally {
    await app.stop();
  }
}

const score = (from: string, on: readonly number[]) =>
  withBacktest(async (backtest, options) =>
    backtest.run(await readCourses(new OuladFiles(from)), { ...options, days: on }),
  );

const told = ({ pres, studentId, day, score, logOdds }: ScoredStudent) => ({ pres, studentId, day, score, logOdds });

/** The tiny extract without gzip; `change` sees each line's cells by their column and may drop it. */
async function copyTiny(change: (file: string, cells: Record<string, string>) => boolean): Promise<void> {
  for (const name of await readdir(tiny)) {
    const file = name.replace(/\.csv(\.gz)?$/, '');
    const bytes = await readFile(join(tiny, name));
    const [heading, ...lines] = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trim().split('\n');
    const columns = heading!.split(',');
    const kept = lines.flatMap((line) => {
      const values = line.split(',');
      const cells = Object.fromEntries(columns.map((column, index) => [column, values[index]!]));
      return change(file, cells) ? [columns.map((column) => cells[column]).join(',')] : [];
    });
    await writeFile(join(folder, `${file}.csv`), [heading, ...kept, ''].join('\n'));
  }
}

it('scores everybody who is enrolled, also in a course that ends early, and says what it leaves out', async () => {
  await copyTiny((file, cells) => {
    if (file === 'presentations') cells['length_days'] = '100';
    return true;
  });
  const { result, said } = await score(folder, days);
  const enrolments = await new OuladFiles(folder).enrolments();
  for (const day of [30, 60, 90]) {
    const population = enrolments
      .filter(
        ({ registeredDay, unregisteredDay: left }) => (registeredDay ?? 0) <= day && (left === null || left > day),
      )
      .map(({ studentId }) => studentId);
    expect(result.filter((one) => one.day === day).map(({ studentId }) => studentId)).toEqual(population);
    expect(population.length).toBeGreaterThan(30);
  }
  expect(result.filter(({ day }) => day === 120)).toEqual([]);
  expect(said).toContain('AAA_2013J has 100 days: no scores of day 120');
  expect(result.every((one) => one.score > 0 && one.score < 100)).toBe(true);
});

it.each([30, 60])(
  'knows nothing on day %i of what came later',
  async (border) => {
    // what has come to nothing by then: activity, work, who left and who joined
    await copyTiny((file, cells) => {
      const isLater = (column: string): boolean => cells[column] !== '' && Number(cells[column]) > border;
      if (file === 'activity') return !isLater('day');
      if (file === 'submissions') return !isLater('submitted_day');
      if (file === 'enrolments' && isLater('unregistered_day')) cells['unregistered_day'] = '';
      return file !== 'enrolments' || !isLater('registered_day');
    });
    const whole = await score(tiny, days);
    const { result: cut } = await score(folder, [border]);
    expect(cut.length).toBeGreaterThan(30);
    expect(cut.map(told)).toEqual(whole.result.filter(({ day }) => day === border).map(told));
    // in steps or at once
    const atOnce = await score(tiny, [120]);
    expect(atOnce.result.map(told)).toEqual(whole.result.filter(({ day }) => day === 120).map(told));
  },
  60_000,
);

it('collects the same from the same folder, of those whose end is known', async () => {
  await copyTiny(() => true);
  const enrolments = await new OuladFiles(folder).enrolments();
  const withdrawn = enrolments.find(({ unregisteredDay }) => unregisteredDay === null)!.studentId;
  const results = enrolments
    .slice(0, 40)
    .map(({ pres, studentId }) => `${pres},${studentId},${studentId === withdrawn ? 'Withdrawn,1' : 'Pass,0'}`);
  await writeFile(join(folder, 'outcomes.csv'), ['pres,id_student,final_result,at_risk', ...results, ''].join('\n'));
  const collect = () =>
    withBacktest(async (backtest, options) => {
      const courses = await readCourses(new OuladFiles(folder));
      const examples = await backtest.collect(courses, await OuladOutcomes.read([folder]), { ...options, days: [30] });
      // people's ids follow from their tenant's
      return examples.map(({ inputs, ...rest }) => ({ ...rest, inputs: { ...inputs, studentId: '', departmentId: '', instructorId: '' } })); // prettier-ignore
    });
  const once = (await collect()).result;
  expect(once.length).toBeGreaterThan(20);
  expect(once.map(({ studentId }) => studentId)).not.toContain(withdrawn);
  expect(once.every(({ isAtRisk }) => !isAtRisk)).toBe(true);
  expect((await collect()).result).toEqual(once);
});

describe('the command', () => {
  function start(command: string, ...args: string[]): ChildProcess {
    const file = `src/imports/${command}.command.ts`;
    return spawn(process.execPath, ['--import', './test/typescript.js', file, ...args], {
      // a database of its own, whatever the environment names
      env: { ...process.env, NODE_OPTIONS: '', TEST_TEMPLATE: '', TMPDIR: join(folder, 'tmp') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
  const end = async (child: ChildProcess): Promise<{ code: number | null; out: string; errors: string }> => {
    const [out, errors] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
    return { code: child.exitCode, out, errors };
  };

  beforeEach(async () => {
    await cp(tiny, folder, { recursive: true });
    await mkdir(join(folder, 'tmp'));
  });

  it('writes scores, judges them, and leaves nothing behind', async () => {
    const enrolments = await new OuladFiles(folder).enrolments();
    const lines = (columns: string, line: (student: string, index: number) => string): string =>
      [columns, ...enrolments.map(({ studentId }, index) => line(studentId, index)), ''].join('\n');
    const results = lines('pres,id_student,final_result,at_risk', (student, index) =>
      index % 3 === 0 ? `AAA_2013J,${student},Fail,1` : `AAA_2013J,${student},Pass,0`,
    );
    await writeFile(join(folder, 'outcomes.csv'), results);
    const groups = lines('pres,id_student,gender,age_band,disability', (id) => `AAA_2013J,${id},F,0-35,N`);
    await writeFile(join(folder, 'demographics_audit_only.csv'), groups);
    const scores = join(folder, 'scores.csv');
    const { code, out, errors } = await end(start('risk-backtest', folder, '--scores', scores));
    expect({ code, errors }).toEqual({ code: 0, errors: expect.stringContaining('AAA_2013J, day 120: ') });
    for (const day of days) expect(out).toMatch(new RegExp(`day ${day}: \\d+ students, [\\d.]+ % at risk`));
    expect(out).toMatch(/inactive for 7 days +0\.\d{3}/);
    expect(out).toMatch(/gender F +30 +\d+ +0\.\d{3}/);
    const [heading, ...rows] = (await readFile(scores, 'utf8')).trim().split('\n');
    expect(heading).toBe('pres,id_student,day,score');
    expect(rows.every((row) => /^AAA_2013J,\d+,(30|60|90|120),\d{1,2}\.\d{2}$/.test(row))).toBe(true);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  }, 120_000);

  it('leaves nothing behind when it is interrupted, and refuses what it cannot use', async () => {
    const child = start('risk-backtest', folder);
    child.stderr!.once('data', () => child.kill('SIGINT'));
    const { code, errors } = await end(child);
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('stopped by SIGINT') });
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    const alone = await end(start('risk-fit', folder));
    expect(alone).toMatchObject({ code: 1, errors: expect.stringContaining('one presentation is not enough') });
    expect((await end(start('risk-backtest'))).code).toBe(2);
  }, 120_000);
});
