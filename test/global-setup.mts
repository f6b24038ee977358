import { TestRun, startRun } from './server.js';

declare global {
  var testRun: TestRun | undefined;
}

/** Test files live in other processes: they learn of the server by the environment. */
export default async function globalSetup(): Promise<void> {
  globalThis.testRun = await startRun(process.env.DATABASE_URL?.trim() || undefined);
  process.env.TEST_SERVER_URL = globalThis.testRun.url;
  process.env.TEST_TEMPLATE = globalThis.testRun.template;
}
