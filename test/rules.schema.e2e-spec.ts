import { readdir, readFile } from 'node:fs/promises';
import { migrate, revertLast } from '../src/database/migrate.js';
import { describeSchema } from '../src/database/schema.js';
import { migrations } from '../migrations/migrations.js';
import { createTestDatabase, type TestDatabase } from './database.js';

const quiet = (): void => undefined;

describe('the schema', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());

  it('is what schema.sql shows (else: npm run schema)', async () => {
    expect(await describeSchema(test.source)).toBe(await readFile('schema.sql', 'utf8'));
  });

  it('is the same after up, down and up, and nothing is left between', async () => {
    const before = await describeSchema(test.source);
    for (let count = migrations.length; count > 0; count--) await revertLast(test.url, quiet);
    expect(await describeSchema(test.source)).not.toMatch(/^create /im);
    expect(await migrate(test.url, quiet)).toHaveLength(migrations.length);
    expect(await describeSchema(test.source)).toBe(before);
  });

  it('can be made from schema.sql', async () => {
    for (let count = migrations.length; count > 0; count--) await revertLast(test.url, quiet);
    const sql = await readFile('schema.sql', 'utf8');
    const runner = test.source.createQueryRunner();
    try {
      await runner.query(`-- test.loadSchema\n${sql}`);
    } finally {
      await runner.release();
    }
    expect(await describeSchema(test.source)).toBe(sql);
  });
});

describe('the list of migrations', () => {
  it('names every file of migrations/, in order', async () => {
    const files = (await readdir('migrations')).filter((file) => file !== 'migrations.ts').sort();
    const listed = [...(await readFile('migrations/migrations.ts', 'utf8')).matchAll(/from '\.\/(\S+)\.js'/g)];
    expect(listed.map(([, name]) => `${name}.ts`)).toEqual(files);
    expect(migrations.map(({ name }) => /\d{13}$/.exec(name)?.[0])).toEqual(files.map((file) => file.slice(0, 13)));
  });

  it('has files named <timestamp>-<verb>-<thing>.ts', async () => {
    const files = (await readdir('migrations')).filter((file) => file !== 'migrations.ts');
    expect(files.filter((file) => !/^\d{13}(-[a-z0-9]+){2,}\.ts$/.test(file))).toEqual([]);
  });
});
