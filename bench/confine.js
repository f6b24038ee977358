import pg from 'pg';

/** Loaded before the API: has it name its tenant to PostgreSQL as `CONFINE` says. For one tenant, for bench/rls.ts. */
const { CONFINE: way, CONFINE_TENANT: tenant } = process.env;
const setLocal = `set local app.tenant_id = '${tenant}'`;
const { query } = pg.Client.prototype;

pg.Client.prototype.query = function (config, ...rest) {
  const run = (...parameters) => query.apply(this, parameters);
  if (config === 'begin') {
    this.inTransaction = true;
    return run(`begin; ${setLocal}`);
  }
  if (config === 'commit' || config === 'rollback') this.inTransaction = false;
  if (way === 'writes' || this.inTransaction || !config.text?.startsWith('-- ')) return run(config, ...rest);
  if (way === 'query') {
    const set = { name: 'confine', text: `select set_config('app.tenant_id', $1, false)`, values: [tenant] };
    return run(set).then(() => run(config));
  }
  return run(`begin; ${setLocal}`)
    .then(() => run(config))
    .then((result) => run('commit').then(() => result));
};
