import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runCommand } from '../command.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { openSigningKeys } from './signing-keys.js';
import { TokensService } from './tokens.service.js';

const usage = 'usage: npm run token:create -- --tenant <slug> --name <service> [--days 365]';
const longestDays = 3_650;

/** Prints a token for a service. It cannot be revoked but by replacing the key: give it no longer than it is needed. */
await runCommand(readArguments, async ({ slug, name, days }, { config, database, clock, audit }) => {
  const tenant = await new TenantsRepository(database).findBySlug(slug);
  if (!tenant) throw new Error(`there is no tenant with the slug ${slug}`);
  const tokens = new TokensService(await openSigningKeys(config, clock), config, clock);
  const service = { tenantId: tenant.id, userId: randomUUID(), role: 'service' as const, departmentId: null };
  const token = tokens.sign(service, { kind: 'key', id: service.userId }, days * 86_400);
  await audit.record(
    { ...service, userId: null },
    { action: 'token.created', targetType: 'service', targetId: service.userId, after: { name, days } },
  );
  console.log(token);
});

function readArguments(): { slug: string; name: string; days: number } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { tenant: text, name: text, days: text } });
  const { tenant: slug, name, days = '365' } = values;
  if (!slug || !name) throw new Error(usage);
  if (!/^[1-9]\d{0,3}$/.test(days) || Number(days) > longestDays) {
    throw new Error(`the number of --days must be a whole one from 1 to ${longestDays}`);
  }
  return { slug, name, days: Number(days) };
}
