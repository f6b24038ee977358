import { readFileSync } from 'node:fs';

/** Statements over the tables of all tenants at once, each with its reason. */
export const acrossTenants: Readonly<Record<string, string>> = {
  'analytics.listLikelyViewers': 'a starting process serves all tenants, and each dashboard is made as its own viewer',
  'audit.listPending': 'a tick is for all tenants, and the trail of each is then sealed by itself',
  'auth.deleteExpiredSignIns': 'they end when they end, whosever they are, and are cleared away for the installation',
  'auth.deleteExpiredTokens': 'they end when they end, whosever they are, and are cleared away for the installation',
  'auth.deleteExpiredDevices': 'what is over is over in all tenants',
  'auth.deleteExpiredLinks': 'what is over is over in all tenants',
  'channels.deleteOldBounces': 'what came back is forgotten after the same time in all tenants',
  'idempotency.deleteExpired': 'retention is the same for all tenants and runs once for the installation',
  'notifications.deleteExpired': 'what is over is over in all tenants',
  'notifications.deleteOldCauses': 'what was told is forgotten after the same time in all tenants',
  'reports.expireFiles': 'they end when they end, whosever they are, and are cleared away for the installation',
  'reports.listOverFiles': 'what is over is cleared away for the installation, each file then within its tenant',
  'reports.forgetFiles': 'what was asked for is forgotten after the same time in all tenants',
  'reports.failAbandoned': 'what no worker will finish is over in all tenants',
  'reports.listDueSchedules': 'a tick is for all tenants, and each schedule is then run within its own',
  'live.findBounds': 'positions in the log are of the installation, and say nothing of anybody',
  'live.listAfter': 'a process reads once what it then tells the streams of all tenants, each what it may hear',
  'live.deleteEvents': 'what is over is over in all tenants',
  'channels.listDueLanes': 'a tick is for all tenants, and each channel is then worked off within its own',
  'channels.deleteOld': 'what went out is forgotten after the same time in all tenants',
  'messaging.listDue': 'a tick is for all tenants, and each message is then sent within its own',
  'privacy.listDueErasures': 'a tick is for all tenants, and each person is then erased within their own',
  'privacy.expireAccessFiles': 'they end when they end, whosever they are, and are cleared away for the installation',
  'privacy.deleteAccessParts': 'what is over is cleared away for the installation',
  'privacy.recordEmptied': 'what is over is cleared away for the installation',
  'operations.lockPartitionedTable': 'a table is locked as a whole, and no row of it is read',
  'operations.lockReadersOut': 'a table is locked as a whole, and no row of it is read',
};

const schema = readFileSync('schema.sql', 'utf8');

/** Materialised views, all of which keep rows of tenants; and tables whose rows each belong to one. */
export const tenantTables = [
  // where the column may be null, they belong to the installation
  ...[...schema.matchAll(/^create table (\w+) \(\n([\s\S]*?)\n\)/gm)].filter(([, , body]) =>
    /^ {2}tenant_id uuid not null/m.test(body!),
  ),
  ...schema.matchAll(/^create materialized view (\w+) /gm),
].map(([, name]) => name!);

const reference = new RegExp(`\\b(?:from|join|into|update|using|only)\\s+(?:${tenantTables.join('|')})\\b`, 'gi');

/** How often a statement touches a table of a tenant. */
export function touches(sql: string): number {
  return sql.match(reference)?.length ?? 0;
}

/** Each time that a statement touches such a table needs a `tenant_id` of its own. */
export function isConfined(sql: string): boolean {
  return touches(sql) <= (sql.match(/\btenant_id\b/g)?.length ?? 0);
}
