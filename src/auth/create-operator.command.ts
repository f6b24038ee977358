import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { runCommand } from '../command.js';
import { readAdminPassword } from '../config.js';
import { localDay } from '../org/local-day.js';
import '../org/org.constraints.js';
import { installationId } from '../org/tenants.repository.js';
import { UsersRepository } from '../org/users.repository.js';
import { passwordProblems } from './password-policy.js';
import { Passwords } from './passwords.js';

const usage = `usage: npm run operator:create -- --email <address> --name <name>
The password is that of ADMIN_PASSWORD, or made and shown once. Operators sign in with the tenant "installation".`;

/** Somebody who runs the installation. The first one has nobody to be invited by. */
await runCommand(readArguments, async ({ email, name, password: given }, { config, database, clock, audit }) => {
  const password = given ?? randomBytes(18).toString('base64url');
  const passwordHash = await new Passwords(config).hash(password);
  const [id, now] = [uuidv7(), clock.now()];
  await database.transaction(async () => {
    const operator = { id, role: 'operator' as const, name, email, passwordHash };
    const joinedOn = localDay('UTC', now);
    await new UsersRepository(database).insert(installationId, [{ ...operator, departmentId: null, joinedOn }], now);
    await audit.record(
      { tenantId: installationId, userId: null, role: 'service' },
      { action: 'operator.created', targetType: 'user', targetId: id },
    );
  });
  console.log(`created operator ${email} (${id})`);
  if (!given) console.log(`password: ${password}`);
});

function readArguments(): { email: string; name: string; password: string | undefined } {
  const text = { type: 'string' } as const;
  const { email, name } = parseArgs({ options: { email: text, name: text } }).values;
  if (!email || !name) throw new Error(usage);
  const password = readAdminPassword();
  const owner = { name, email, tenantName: 'Installation', tenantSlug: 'installation' };
  const [problem] = password === undefined ? [] : passwordProblems(password, owner, '');
  if (problem) throw new Error(`ADMIN_PASSWORD ${problem.detail}`);
  return { email, name, password };
}
