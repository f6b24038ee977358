import { parseArgs } from 'node:util';
import { runImport } from '../import-process.js';
import { SeedImport, type SeedOptions } from './seed-import.js';

const usage =
  'npm run seed -- [--instructors 100] [--students 1000] [--days 90] [--assignments 20] [--tenant load-test]\n' +
  '  --instructors N  1 to 1,000\n' +
  '  --students N     of each instructor, 1 to 10,000\n' +
  '  --days N         of history, today included, 1 to 700\n' +
  '  --assignments N  of each instructor, handed out to all of their students, 0 to 1,000\n' +
  '  --tenant slug    the tenant to fill, made where there is none';

const options = readArguments();
if (options === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await runImport(async (services) => {
    const { tenant, accepted, known, work } = await services.get(SeedImport, { strict: false }).run(options);
    console.log(`${tenant.slug}: ${accepted} new sessions, ${known} were there`);
    console.log(`${work.assignments} new assignments, ${work.submissions} new or changed submissions`);
  });
}

function readArguments(): SeedOptions | undefined {
  try {
    const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
    const { values } = parseArgs({
      options: {
        instructors: text('100'),
        students: text('1000'),
        days: text('90'),
        assignments: text('20'),
        tenant: text('load-test'),
      },
    });
    const [instructors, students, days] = [values.instructors, values.students, values.days].map(Number);
    const assignments = Number(values.assignments);
    if (!isWithin(instructors, 1_000) || !isWithin(students, 10_000) || !isWithin(days, 700)) return undefined;
    if (assignments !== 0 && !isWithin(assignments, 1_000)) return undefined;
    return { instructors, students, days, assignments, tenantSlug: values.tenant };
  } catch {
    return undefined;
  }
}

function isWithin(value: number | undefined, max: number): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= max;
}
