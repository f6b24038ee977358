import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { readConfig } from '../config.js';
import { migrate } from './migrate.js';
import { connect, openServer } from './open.js';
import { describeSchema } from './schema.js';

/** Writes `schema.sql` from a database that is made for it, migrated and dropped. */
const server = await openServer(readConfig(), console.log);
const options = { poolSize: 1, pooler: false, applicationName: 'schema', statementTimeoutSeconds: 0 };
const name = `schema_${randomBytes(4).toString('hex')}`;
const scratch = new URL(server.ownerUrl);
scratch.pathname = `/${name}`;
try {
  const admin = await connect({ ...options, url: server.ownerUrl }, console.log);
  try {
    await admin.query(`-- schema.createScratch\ncreate database ${name}`);
    await migrate(scratch.href, () => undefined);
    const source = await connect({ ...options, url: scratch.href }, console.log);
    await writeFile('schema.sql', await describeSchema(source).finally(() => source.destroy()));
  } finally {
    await admin.query(`-- schema.dropScratch\ndrop database if exists ${name} with (force)`);
    await admin.destroy();
  }
} finally {
  await server.stop();
}
