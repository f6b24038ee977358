import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.js';
import { judgeDays, judgeGroups } from '../risk/judgement.js';
import { readModel } from '../risk/model-file.js';
import { Backtest, judge, toScoresCsv } from './backtest.js';
import { readCourses } from './course-slice.js';
import { OuladFiles } from './oulad-files.js';
import { OuladOutcomes } from './oulad-outcomes.js';
import { daysTable, groupsTable } from './risk-tables.js';
import { withScratchServices } from '../scratch-services.js';

const usage =
  'npm run risk:backtest -- <folder> [--scores out.csv]\n' +
  '  <folder>          an extract of the Open University Learning Analytics Dataset, csv or csv.gz\n' +
  '  --scores out.csv  writes a line for each student and day: pres,id_student,day,score';

const days = [30, 60, 90, 120];
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const given = readArguments();
if (given === undefined) {
  say(usage);
  process.exitCode = 2;
} else {
  await run(given.folder, given.scores).catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}

async function run(folder: string, scoresFile: string | undefined): Promise<void> {
  const model = readModel(readConfig().riskModelFile);
  console.log(`model ${model.version}`);
  const courses = await readCourses(new OuladFiles(folder));
  if (courses.length === 0) throw new Error(`${folder} has no presentations`);
  const scored = await withScratchServices(model, (services, moveTo) =>
    services.get(Backtest, { strict: false }).run(courses, { days, moveTo, say }),
  );
  if (scoresFile !== undefined) await writeFile(scoresFile, toScoresCsv(scored));
  // only now, when nothing can come of it any more
  const outcomes = await OuladOutcomes.read([folder]);
  const judged = judge(scored, courses, outcomes);
  if (judged.length === 0) return console.log(`${scored.length} scores; ${folder} does not tell how it ended`);
  console.log(`\n${daysTable(judgeDays(judged))}`);
  const groups = judgeGroups(judged, (one) => outcomes.groupsOf(one));
  console.log(groups.length > 0 ? `\n${groupsTable(groups)}` : `\n${folder} does not tell who is who: no audit`);
}

function readArguments(): { folder: string; scores: string | undefined } | undefined {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { scores: { type: 'string' } } });
    return positionals.length === 1 ? { folder: positionals[0]!, scores: values.scores } : undefined;
  } catch {
    return undefined;
  }
}
