import { parseArgs } from 'node:util';
import { runImport } from '../import-process.js';
import { isDay } from '../http/fields.js';
import { ProgressBar } from '../imports/progress-bar.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { Rebuild } from './rebuild.service.js';

const usage =
  'npm run analytics:rebuild -- --tenant <slug> [--from YYYY-MM-DD] [--to YYYY-MM-DD] [--continue]\n' +
  '  --from, --to  local days, both included; as long as sessions are kept unless told\n' +
  '  --continue    only what is marked already: after an interruption';

const options = readArguments();
if (options === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const { slug, period } = options;
  await runImport(async (services) => {
    const tenant = await services.get(TenantsRepository, { strict: false }).findBySlug(slug);
    if (!tenant) throw new Error(`there is no tenant ${slug}`);
    const bar = new ProgressBar(tenant.name, 'days of instructors', process.stdout);
    const { signal } = new AbortController();
    const update = (share: number, cells: number): void => bar.update(share, cells);
    try {
      await services.get(Rebuild, { strict: false }).run(tenant.id, period, signal, update);
      bar.end();
    } catch (error) {
      bar.abort();
      throw error;
    }
  });
}

function readArguments(): { slug: string; period: { from?: string; to?: string } | null } | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ options: { tenant: text, from: text, to: text, continue: { type: 'boolean' } } });
    const { tenant: slug, from, to } = values;
    if (slug === undefined || [from, to].some((given) => given !== undefined && !isDay(given))) return undefined;
    if (from !== undefined && to !== undefined && from > to) return undefined;
    if (values.continue && (from ?? to) !== undefined) return undefined;
    return { slug, period: values.continue ? null : { from, to } };
  } catch {
    return undefined;
  }
}
