import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { blankModel, fitModel, implausibleFactors } from '../risk/fit-model.js';
import { type FitReport, reportFit } from '../risk/fit-report.js';
import { printModel } from '../risk/model-file.js';
import { checksumOf } from '../risk/risk-model.js';
import { Backtest, toScoresCsv } from './backtest.js';
import { readCourses } from './course-slice.js';
import { OuladFiles } from './oulad-files.js';
import { OuladOutcomes } from './oulad-outcomes.js';
import { daysTable, groupsTable } from './risk-tables.js';
import { withScratchServices } from '../scratch-services.js';

const usage =
  'npm run risk:fit -- <folder…> [--out file] [--model-version text] [--scores out.csv]\n' +
  '  <folder…>             extracts of the Open University Learning Analytics Dataset, csv or csv.gz\n' +
  '  --out file            where the model goes (default: src/risk/model.json, which is shipped)\n' +
  '  --model-version text  what it is called (default: a part of its checksum)\n' +
  '  --scores out.csv      also scores of each presentation by models that have not seen it';

/** Closer together in the weeks in which most is decided. */
const days = [30, 40, 60, 80, 90, 100, 120, 150];
const judgedDays = [30, 60, 90, 120];
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const given = readArguments();
if (given === undefined) {
  say(usage);
  process.exitCode = 2;
} else {
  await run(given).catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}

interface Given {
  readonly folders: readonly string[];
  readonly out: string;
  readonly version: string | undefined;
  readonly scores: string | undefined;
}

async function run({ folders, out, version, scores }: Given): Promise<void> {
  const courses = (await Promise.all(folders.map((folder) => readCourses(new OuladFiles(folder))))).flat();
  const startMonths = new Map(courses.map(({ presentation: { pres, startMonth } }) => [pres, startMonth]));
  if (startMonths.size < courses.length) throw new Error('a presentation comes twice');
  if (startMonths.size < 2) throw new Error('one presentation is not enough: there is no other to judge the model by');
  const outcomes = await OuladOutcomes.read(folders);
  const examples = await withScratchServices(blankModel, (services, moveTo) =>
    services.get(Backtest, { strict: false }).collect(courses, outcomes, { days, moveTo, say }),
  );
  const groupsOf = outcomes.groupsOf.bind(outcomes);
  const { report, unseen } = reportFit({ examples, judgedDays, startMonths, groupsOf });
  print(report);
  if (scores !== undefined) await writeFile(scores, toScoresCsv(unseen));
  const model = fitModel(examples, '');
  const wrong = implausibleFactors(model);
  if (wrong.length > 0) throw new Error(`no model was written: ${wrong.join(', ')} would work in the wrong sense`);
  const named = { ...model, version: version ?? checksumOf(model).slice(0, 12) };
  await writeFile(out, printModel(named, rounded(report)));
  console.log(`\nmodel ${named.version} written to ${out}`);
}

function print({ unseenPresentations, calibration, laterPresentations, groups }: FitReport): void {
  console.log('Presentations that the model had not seen, nor any of their students:\n');
  console.log(daysTable(unseenPresentations));
  console.log('\nTheir outcomes on their log-odds (1 and 0 would be perfect):');
  for (const [day, { slope, intercept }] of Object.entries(calibration)) {
    console.log(`day ${day}: slope ${slope.toFixed(3)}, intercept ${intercept.toFixed(3)}`);
  }
  if (laterPresentations) {
    console.log(`\nFitted on ${laterPresentations.fittedOn.join(', ')}, later presentations:\n`);
    console.log(daysTable(laterPresentations.days));
  }
  if (groups.length > 0) console.log(`\n${groupsTable(groups)}`);
}

/** Four decimals are enough for reading. */
function rounded(report: FitReport): object {
  const shorten = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value;
  return JSON.parse(JSON.stringify(report, shorten)) as object;
}

function readArguments(): Given | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        out: { type: 'string', default: 'src/risk/model.json' },
        'model-version': { type: 'string' },
        scores: { type: 'string' },
      },
    });
    const version = values['model-version'];
    if (positionals.length === 0 || (version !== undefined && !/^[\w.-]{1,40}$/.test(version))) return undefined;
    return { folders: positionals, out: values.out, version, scores: values.scores };
  } catch {
    return undefined;
  }
}
