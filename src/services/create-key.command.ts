import { parseArgs } from 'node:util';
import type { Actor } from '../audit/audit.recorder.js';
import { runCommand } from '../command.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { serviceScopes } from './services.dto.js';
import { ServicesRepository } from './services.repository.js';
import { ServicesService } from './services.service.js';

const usage = `usage: npm run key:create -- --tenant <slug> --name <service> [--scopes <scope>,…] [--days 365]
The scopes are those of a service that is not there yet: ${serviceScopes.join(', ')}; all of them unless told.`;
const longestDays = 3_650;

/** Prints an API key for a service, which is made where there is none of this name. */
await runCommand(readArguments, async ({ slug, name, scopes, days }, { database, clock, audit }) => {
  const tenant = await new TenantsRepository(database).findBySlug(slug);
  if (!tenant) throw new Error(`there is no tenant with the slug ${slug}`);
  const repository = new ServicesRepository(database);
  const services = new ServicesService(database, repository, new ApiKeysRepository(database), audit, clock);
  const actor: Actor = { tenantId: tenant.id, userId: null, role: 'service' };
  const expiresAt = new Date(clock.now().getTime() + days * 86_400_000).toISOString();
  const { key } = await database.transaction(async () => {
    const existing = await repository.findByName(tenant.id, name);
    if (existing && scopes) throw new Error(`the service ${name} is there; change its scopes by PATCH /services/:id`);
    const { id } = existing ?? (await services.create(actor, { name, scopes: scopes ?? serviceScopes }));
    return services.createKey(actor, id, { name: 'made by command', expiresAt });
  });
  console.log(key);
});

function readArguments(): { slug: string; name: string; scopes: string[] | undefined; days: number } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { tenant: text, name: text, scopes: text, days: text } });
  const { tenant: slug, name, scopes: list, days = '365' } = values;
  if (!slug || !name) throw new Error(usage);
  if (!/^[1-9]\d{0,3}$/.test(days) || Number(days) > longestDays) {
    throw new Error(`the number of --days must be a whole one from 1 to ${longestDays}`);
  }
  const scopes = list?.split(',');
  const unknown = scopes?.find((scope) => !(serviceScopes as string[]).includes(scope));
  if (unknown !== undefined) throw new Error(`no service may hold the scope ${unknown}`);
  return { slug, name, scopes, days: Number(days) };
}
