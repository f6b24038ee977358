import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Passwords } from '../auth/passwords.js';
import { localDay } from '../org/local-day.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { AcademyImport } from './academy-import.js';
import { academyDay } from './academy-plan.js';
import { ImportsRepository } from './imports.repository.js';
import { OuladImport } from './oulad-import.js';
import { TenantRemovalRepository } from './tenant-removal.repository.js';

/** Of everybody in the demo who has an address; written down here and in the README, so worth nothing elsewhere. */
export const demoPassword = 'demo-password';

const university = {
  id: '0199a000-0000-8000-8000-000000000001',
  adminId: '0199a000-0000-8000-8000-000000000011',
  slug: 'demo-university',
  name: 'Open University',
  timeZone: 'Europe/London',
  adminEmail: 'admin@oulad.example.org',
};
const academy = {
  id: '0199a000-0000-8000-8000-000000000002',
  adminId: '0199a000-0000-8000-8000-000000000012',
  slug: 'demo-academy',
  name: 'Training academy',
  timeZone: 'Europe/Amsterdam',
  adminEmail: 'admin@academy.example.org',
};
const demos = [university, academy];

/** Who can look at the demo, each in the tenant where there is most to see. */
export const demoLogins = [
  { role: 'instructor', tenant: university.slug, email: 'tutor-1.ddd_2013b@oulad.example.org' },
  { role: 'admin', tenant: university.slug, email: university.adminEmail },
  { role: 'student', tenant: academy.slug, email: 'student@academy.example.org' },
] as const;

/** The two tenants of `npm run demo`. Today is always day 90 of their courses. */
@Injectable()
export class DemoTenants {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly repository: ImportsRepository,
    private readonly removal: TenantRemovalRepository,
    private readonly oulad: OuladImport,
    private readonly academy: AcademyImport,
    private readonly passwords: Passwords,
  ) {}

  /** Slugs of tenants that are not the demo's. */
  async listOthers(): Promise<string[]> {
    return (await this.tenants.list())
      .filter(({ id }) => demos.every((demo) => demo.id !== id))
      .map(({ slug }) => slug);
  }

  /**
   * Makes both tenants; on the day they were made they are found as they are. On a later day, and after an import that
   * was interrupted, they are removed and made again: that takes seconds, and no number can be left behind on its old
   * day. What was done in them meanwhile goes with them.
   * @param folder its folders are extracts of the Open University's data
   */
  async prepare(folder: string, now: Date, say: (line: string) => void): Promise<void> {
    for (const { id, adminId, slug, name, timeZone, adminEmail } of demos) {
      const today = localDay(timeZone, now);
      const madeOn = await this.repository.findJoinedOn(id, adminId);
      if (madeOn === today) continue;
      if (await this.tenants.find(id)) {
        say(`${slug}: ${madeOn === null ? 'unfinished' : `made for ${madeOn}`}, so it is made anew for ${today}`);
        await this.removal.remove(id);
      }
      await this.tenants.insert({ id, slug, name, timeZone }, now);
      if (id === academy.id) await this.academy.run((await this.tenants.find(id))!);
      else {
        for (const extract of await listFolders(folder)) {
          await this.oulad.run({ folder: extract, tenantSlug: slug, asOfDay: academyDay });
        }
      }
      // the last thing written: who finds it knows that the rest is there
      const admin = { id: adminId, name: 'Demo administrator', email: adminEmail, joinedOn: today };
      await this.repository.openAccounts(id, admin, await this.passwords.hash(demoPassword), now);
    }
  }
}

async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort();
}
