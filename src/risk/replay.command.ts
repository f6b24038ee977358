import { runImport } from '../import-process.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { RiskReplay } from './risk-replay.service.js';

const usage = 'npm run risk:replay -- <tenant-slug> <YYYY-MM-DD>';

const [slug, day = ''] = process.argv.slice(2);
if (slug === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(day)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await runImport(async (services) => {
    const tenant = await services.get(TenantsRepository, { strict: false }).findBySlug(slug);
    if (!tenant) throw new Error(`there is no tenant ${slug}`);
    const { rows, otherModel, differing, late } = await services.get(RiskReplay, { strict: false }).day(tenant.id, day);
    console.log(`${day}: ${rows} evaluations, ${otherModel} of them of another model`);
    console.log(`${differing.length} do not follow from what they were made of${listed(differing)}`);
    console.log(`${late.length} would be made of something else now${listed(late)}`);
    if (differing.length > 0) process.exitCode = 1;
  });
}

function listed(studentIds: readonly string[]): string {
  return studentIds.length === 0 ? '' : `: ${studentIds.slice(0, 10).join(', ')}${studentIds.length > 10 ? ' …' : ''}`;
}
