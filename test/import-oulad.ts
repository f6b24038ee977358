import { readConfig } from '../src/config.js';
import { withServices } from '../src/import-process.js';
import { OuladImport } from '../src/imports/oulad-import.js';
import { TestClock } from './app.js';

/** Imports a folder on the day on which `startApp` stands, in a process that a test can kill. */
const config = readConfig();
await withServices(
  config,
  { ownerUrl: config.database.url! },
  async (services) => {
    await services
      .get(OuladImport, { strict: false })
      .run({ folder: process.argv[2]!, asOfDay: 90, tenantSlug: 'tiny' });
  },
  new TestClock(new Date('2026-03-02T08:00:00Z')),
);
