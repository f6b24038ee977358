import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { nodesOf, readSources, statementsOf, textOf } from './sources.js';

const product = readSources().filter(({ isTest, path }) => !isTest && path.startsWith('src/'));
const statements = product.flatMap(statementsOf);

/** Statements over the tables of all tenants at once, each with its reason. */
const acrossTenants: Readonly<Record<string, string>> = {
  'idempotency.deleteExpired': 'retention is the same for all tenants and runs once for the installation',
};

/** Statements whose tenant arrives inside another first argument, each with its reason. */
const tenantInside: Readonly<Record<string, string>> = {
  'auth.findAccount': 'who signs in knows the slug of the tenant, and this finds its id',
  'idempotency.complete': 'a claim is what the statement before gave out, and names its tenant',
  'idempotency.release': 'a claim is what the statement before gave out, and names its tenant',
};

/** Tables whose rows each belong to a tenant. Where the column may be null, they belong to the installation. */
const tenantTables = [...readFileSync('schema.sql', 'utf8').matchAll(/^create table (\w+) \(\n([\s\S]*?)\n\)/gm)]
  .filter(([, , body]) => /^ {2}tenant_id uuid not null/m.test(body!))
  .map(([, name]) => name!);
const reference = new RegExp(`\\b(?:from|join|into|update|using|only)\\s+(?:${tenantTables.join('|')})\\b`, 'gi');

const countOf = (pattern: RegExp, sql: string): number => sql.match(pattern)?.length ?? 0;
/** Each table that a statement touches needs a `tenant_id` of its own. */
const isConfined = (sql: string): boolean => countOf(reference, sql) <= countOf(/\btenant_id\b/g, sql);

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

describe('rule 5: tenants are kept apart', () => {
  it('knows the tables of tenants', () => {
    expect(tenantTables).toEqual(expect.arrayContaining(['users', 'sessions', 'student_progress', 'audit_entries']));
    expect(tenantTables).not.toContain('tenants');
  });

  it('names the tenant for every table that a statement touches', () => {
    const open = statements.filter(({ name, sql }) => !isConfined(sql) && !(name in acrossTenants));
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

  it('takes the tenant as the first argument, or the viewer, who is of one tenant', () => {
    const wrong = statements.filter(
      ({ name, path, sql, firstParameter }) =>
        path.endsWith('.repository.ts') &&
        countOf(reference, sql) > 0 &&
        !['tenantId', 'viewer'].includes(firstParameter ?? '') &&
        !(name in acrossTenants || name in tenantInside),
    );
    expect(wrong.map(({ name, firstParameter }) => `${name} takes ${firstParameter} first`)).toEqual([]);
  });

  it('lists no exception that is none', () => {
    const needless = Object.keys({ ...acrossTenants, ...tenantInside }).filter(
      (exception) => !statements.some(({ name, sql }) => name === exception && countOf(reference, sql) > 0),
    );
    expect(needless).toEqual([]);
  });
});
