import { parseArgs } from 'node:util';
import { runImport } from '../import-process.js';
import { ProgressBar } from '../imports/progress-bar.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { AuditCheckpoints } from '../auth/audit-checkpoints.js';
import { AuditSeals, type Checkpoint } from './seals.service.js';

const usage =
  'npm run audit:verify -- --tenant <slug> [--checkpoint <checkpoint>] [--after <seal>]\n' +
  '  --checkpoint  what the trail must still hold: <seal>:<hash>, as an earlier run said, or what was signed\n' +
  '  --after       look at what comes behind this seal alone: one of which a fault is known';

/** Seals between two looks at the clock of the progress bar. */
const step = 200;

const options = readArguments();
if (options === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const { slug, kept } = options;
  await runImport(async (services) => {
    const tenant = await services.get(TenantsRepository, { strict: false }).findBySlug(slug);
    if (!tenant) throw new Error(`there is no tenant ${slug}`);
    const seals = services.get(AuditSeals, { strict: false });
    const checkpoint =
      typeof kept === 'string' ? services.get(AuditCheckpoints, { strict: false }).read(tenant.id, kept) : kept;
    const { signal } = new AbortController();
    await seals.seal(signal);
    const total = (await seals.last(tenant.id))?.number ?? 0;
    const bar = new ProgressBar(tenant.name, 'seals', process.stdout);
    for (let { after } = options; ;) {
      const { lastSeal, hash, next, fault, removed } = await seals.verify(
        tenant.id,
        { after, most: step, checkpoint },
        signal,
      );
      bar.update(total === 0 ? 1 : lastSeal / total, lastSeal);
      if (fault) {
        bar.abort();
        const { kind, seal, entryId, at } = fault;
        console.error(
          [kind.replace('_', ' '), seal && `seal ${seal}`, entryId && `entry ${entryId}`, at]
            .filter(Boolean)
            .join(', '),
        );
        process.exitCode = 1;
        return;
      }
      if (next === null) {
        bar.end();
        if (removed) {
          const { entries, before, runId } = removed;
          console.log(`whole; ${entries} entries before ${before} were removed by retention, last in run ${runId}`);
        }
        console.log(hash === null ? 'nothing is sealed yet' : `checkpoint ${lastSeal}:${hash}`);
        return;
      }
      after = next;
    }
  });
}

/** A checkpoint that is a text is a signed one. */
function readArguments(): { slug: string; kept: Checkpoint | string | undefined; after: number } | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ options: { tenant: text, checkpoint: text, after: { ...text, default: '0' } } });
    const { tenant: slug, checkpoint, after } = values;
    if (slug === undefined || !/^\d{1,9}$/.test(after)) return undefined;
    const [, seal, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(checkpoint ?? '') ?? [];
    const kept = hash === undefined ? checkpoint : { seal: Number(seal), hash };
    if (typeof kept === 'string' && kept.split('.').length !== 3) return undefined;
    return { slug, kept, after: Number(after) };
  } catch {
    return undefined;
  }
}
