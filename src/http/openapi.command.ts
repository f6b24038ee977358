import { writeFile } from 'node:fs/promises';
import { createDataSource } from '../../ormconfig.js';
import { createApp } from '../app.js';
import { readConfig } from '../config.js';
import { buildOpenApi } from './openapi.js';

/** Writes `openapi.json`. The data source is never opened: only what the classes say about themselves is read. */
const config = readConfig({ LOG_LEVEL: 'error' });
const source = createDataSource({
  url: 'postgres://unused',
  poolSize: 1,
  pooler: false,
  applicationName: 'openapi',
});
const app = await createApp(config, { source, preview: true });
await writeFile('openapi.json', `${JSON.stringify(buildOpenApi(app), null, 2)}\n`);
