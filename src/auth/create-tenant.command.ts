import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import { runCommand } from '../command.js';
import { readAdminPassword } from '../config.js';
import { DepartmentsRepository } from '../org/departments.repository.js';
import { isTimeZone } from '../org/local-day.js';
import '../org/org.constraints.js';
import { TenantFounding } from '../org/tenant-founding.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { UsersRepository } from '../org/users.repository.js';
import { passwordProblems } from './password-policy.js';
import { Passwords } from './passwords.js';

const usage = `usage: npm run tenant:create -- --slug <slug> --name <name> [--time-zone <IANA name>] \\
  --admin-email <address> --admin-name <name>
The password is that of ADMIN_PASSWORD, or made and shown once.`;

/** A tenant, its root department and its first administrator: all of them, or nothing. */
await runCommand(readArguments, async (given, { config, database, clock, audit }) => {
  const { slug, name, timeZone, email, adminName } = given;
  const password = given.password ?? randomBytes(18).toString('base64url');
  const passwordHash = await new Passwords(config).hash(password);
  const [tenantId, adminId] = [uuidv7(), uuidv7()];
  const founding = new TenantFounding(
    new TenantsRepository(database),
    new DepartmentsRepository(database),
    new UsersRepository(database),
    clock,
  );
  await database.transaction(async () => {
    const administrator = { id: adminId, name: adminName, email, passwordHash };
    await founding.found({ id: tenantId, slug, name, timeZone, administrator });
    await audit.record(
      { tenantId, userId: null, role: 'service' },
      { action: 'tenant.created', targetType: 'tenant', targetId: tenantId, after: { slug, name, timeZone, adminId } },
    );
  });
  console.log(`created tenant ${slug} (${tenantId}) with administrator ${email} (${adminId})`);
  if (!given.password) console.log(`password: ${password}`);
});

interface Given {
  readonly slug: string;
  readonly name: string;
  readonly timeZone: string;
  readonly email: string;
  readonly adminName: string;
  readonly password: string | undefined;
}

function readArguments(): Given {
  const text = { type: 'string' } as const;
  const options = { slug: text, name: text, 'time-zone': text, 'admin-email': text, 'admin-name': text };
  const { values } = parseArgs({ options });
  const { slug, name, 'time-zone': timeZone = 'UTC', 'admin-email': email, 'admin-name': adminName } = values;
  if (!slug || !name || !email || !adminName) throw new Error(usage);
  if (!isTimeZone(timeZone)) {
    throw new Error(`${timeZone} is not the IANA name of a time zone, such as Europe/London`);
  }
  const password = readAdminPassword();
  const owner = { name: adminName, email, tenantName: name, tenantSlug: slug };
  const [problem] = password === undefined ? [] : passwordProblems(password, owner, '');
  if (problem) throw new Error(`ADMIN_PASSWORD ${problem.detail}`);
  return { slug, name, timeZone, email, adminName, password };
}
