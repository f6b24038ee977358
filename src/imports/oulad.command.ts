import { parseArgs } from 'node:util';
import { runImport } from '../import-process.js';
import { OuladImport, type OuladOptions } from './oulad-import.js';

const usage =
  'npm run import:oulad -- <folder> [--as-of-day N] [--tenant slug] [--per-presentation]\n' +
  '  <folder>            an extract of the Open University Learning Analytics Dataset, csv or csv.gz\n' +
  '  --as-of-day N       today is day N of the presentations; what came later is left out (default: their last day)\n' +
  '  --tenant slug       the tenant to fill, made where there is none (default: open-university)\n' +
  '  --per-presentation  a tenant for each presentation: <slug>-aaa-2013j';

const options = readArguments();
if (options === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await runImport(async (services) => {
    for (const { tenant, students, accepted, known, refused, work } of await services
      .get(OuladImport, { strict: false })
      .run(options)) {
      const left = refused > 0 ? `, ${refused} of students who have left were not taken` : '';
      console.log(`${tenant.slug}: ${students} students, ${accepted} new sessions, ${known} were there${left}`);
      console.log(`${work.assignments} new assignments, ${work.submissions} new or changed submissions`);
    }
  });
}

function readArguments(): OuladOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'as-of-day': { type: 'string' },
        tenant: { type: 'string' },
        'per-presentation': { type: 'boolean', default: false },
      },
    });
    const day = values['as-of-day'];
    if (positionals.length !== 1 || (day !== undefined && !/^\d{1,3}$/.test(day))) return undefined;
    return {
      folder: positionals[0]!,
      asOfDay: day === undefined ? undefined : Number(day),
      tenantSlug: values.tenant,
      perPresentation: values['per-presentation'],
    };
  } catch {
    return undefined;
  }
}
