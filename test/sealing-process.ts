import { createApp } from '../src/app.js';
import { AuditSeals } from '../src/audit/seals.service.js';
import { readConfig } from '../src/config.js';
import { connect } from '../src/database/open.js';

/** For a process that a test kills: seals what waits for it as the job does. */
const config = readConfig();
const options = { url: config.database.url!, poolSize: 4, pooler: false, applicationName: 'killed' };
const source = await connect(options, () => undefined);
const app = await createApp(config, { source });
await app.get(AuditSeals, { strict: false }).seal(new AbortController().signal);
