import ts from 'typescript';
import { nodesOf, readSources, statementsOf, textOf } from './sources.js';
import { acrossTenants, isConfined, tenantTables, touches } from './tenancy.js';

const product = readSources().filter(({ isTest, path }) => !isTest && path.startsWith('src/'));
const statements = product.flatMap(statementsOf);

/** Statements whose tenant arrives inside another first argument, each with its reason. */
const tenantInside: Readonly<Record<string, string>> = {
  'analytics.listModules': 'its source was made for a viewer',
  'analytics.listDifficulties': 'its source was made for a viewer',
  'auth.findAccount': 'there is no viewer before somebody has signed in: the slug names the tenant',
  'live.listStudents': 'what a relay carries out is of many tenants, and each id stands beside its own',
  'live.listReportOwners': 'what a relay carries out is of many tenants, and each id stands beside its own',
  'live.insertEvents': 'what a relay carries out is of many tenants, and each row names its own',
  'retention.hasHold': 'a month goes for all tenants that have rows of it, or for none',
  'services.useApiKey': 'whoever shows a key names no tenant: what is known of the key does',
  'identity.listProvidersByIssuer': 'a token of another issuer says by that whose it may be',
  'idempotency.complete': 'a claim is what the statement before gave out, and names its tenant',
  'idempotency.release': 'a claim is what the statement before gave out, and names its tenant',
};

describe('rule 3: statements have names', () => {
  it('finds them', () => {
    expect(statements.length).toBeGreaterThan(30);
  });

  it('names each as it calls the database', () => {
    const unnamed = product.flatMap(({ path, tree }) =>
      nodesOf(tree).flatMap((node) => {
        if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
        const { expression, name } = node.expression;
        const isDatabase = /\bdatabase(\.read\(\))?$/.test(expression.getText());
        if (!isDatabase || !['many', 'one', 'maybeOne', 'run'].includes(name.text)) return [];
        const text = node.arguments[0] && textOf(node.arguments[0]);
        // a variable is a statement of a fixed map, which begins with its name where it is declared
        if (text === undefined || /^\s*-- [a-z]\w*\.[a-zA-Z]\w*\n/.test(text)) return [];
        return [`${path}: ${text.trim().split('\n')[0]}`];
      }),
    );
    expect(unnamed).toEqual([]);
  });

  it('gives no name twice', () => {
    const twice = statements.filter(({ name }, index) => statements.findIndex((one) => one.name === name) !== index);
    expect(twice.map(({ name, path }) => `${path}: ${name}`)).toEqual([]);
  });
});

/** By itself, or taken out of something that holds it. */
const saysTenant = /^(tenantId|viewer)\b|^\{[^{}:]*\b(tenantId|viewer)\b|: ReportScope\b/;

describe('rule 5: tenants are kept apart', () => {
  it('knows the tables of tenants', () => {
    expect(tenantTables).toEqual(
      expect.arrayContaining(['users', 'sessions', 'audit_entries', 'user_learning_summary']),
    );
    expect(tenantTables).not.toContain('tenants');
  });

  it('names the tenant for every table that a statement touches', () => {
    const open = statements.filter(
      // the reporter of the run looks at the others, and at all variants
      ({ name, sql, isComposed }) => !isComposed && !isConfined(sql) && !(name in acrossTenants),
    );
    expect(open.map(({ name, path }) => `${path}: ${name}`)).toEqual([]);
  });

  it('names the tenant in every fragment that statements are made of', () => {
    const open = product
      .filter(({ path }) => !path.startsWith('src/database/'))
      .flatMap(({ path, tree }) =>
        nodesOf(tree)
          .map(textOf)
          .filter((text) => text !== undefined && !/^\s*-- \w+\.\w+\n/.test(text) && !isConfined(text))
          .map((text) => `${path}: ${text!.trim().split('\n')[0]}`),
      );
    expect(open).toEqual([]);
  });

  it('takes the tenant, or a viewer of it, as the first argument', () => {
    const wrong = statements.filter(
      ({ name, path, sql, firstParameter }) =>
        path.endsWith('.repository.ts') &&
        touches(sql) > 0 &&
        !saysTenant.test(firstParameter ?? '') &&
        !(name in acrossTenants || name in tenantInside),
    );
    expect(wrong.map(({ name, firstParameter }) => `${name} takes ${firstParameter} first`)).toEqual([]);
  });

  it('lists no exception that is none', () => {
    const needless = Object.keys({ ...acrossTenants, ...tenantInside }).filter(
      (exception) =>
        !statements.some(({ name, sql, isComposed }) => name === exception && (isComposed || touches(sql) > 0)),
    );
    expect(needless).toEqual([]);
  });
});
