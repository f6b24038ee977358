import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { connect } from '../src/database/open.js';
import { FanOut } from '../src/messaging/fan-out.service.js';

/** For a process that a test kills: fans a message out as the job does. `fan-out-process.ts <tenant> <message>` */
const [tenantId, messageId] = process.argv.slice(2) as [string, string];
const config = readConfig();
const options = { url: config.database.url!, poolSize: 4, pooler: false, applicationName: 'killed' };
const source = await connect(options, () => undefined);
const fanOut = (await createApp(config, { source })).get(FanOut, { strict: false });
while (await fanOut.next(tenantId, messageId, new Date('2026-03-02T08:00:00Z')));
