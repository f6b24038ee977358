import { createApp } from '../src/app.js';
import { Sender } from '../src/channels/sender.service.js';
import { readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { connect } from '../src/database/open.js';
import { MailChannel, useChannel } from './mail-channel.js';

/** For a process that a test kills: sends what is due as the job does. `sending-process.ts <tenant> <smtp url> <now>` */
const [tenantId, smtpUrl, now] = process.argv.slice(2) as [string, string, string];
const config = readConfig();
const options = { url: config.database.url!, poolSize: 4, pooler: false, applicationName: 'killed' };
const source = await connect(options, () => undefined);
class FixedClock extends Clock {
  override now(): Date {
    return new Date(now);
  }
}
const app = await createApp(config, { source, clock: new FixedClock() });
useChannel({ app }, new MailChannel(smtpUrl));
await app.get(Sender, { strict: false }).send(tenantId, 'email', new AbortController().signal);
