import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { catalogue } from '../src/jobs/catalogue.js';
import { importsOf, nodesOf, readSources, textOf } from './sources.js';

const sources = readSources();
const product = sources.filter(({ isTest, path }) => !isTest && path.startsWith('src/'));

const floor = ['database', 'cache', 'jobs', 'http', 'config.ts'];
/** What starts something may know everything. */
const isEntryPoint = (path: string): boolean => /^src\/[^/]+\.ts$/.test(path) || path.endsWith('.command.ts');
/** `org` of `src/org/org.module.ts`, `config.ts` of `src/config.ts`. */
const folderOf = (path: string): string => path.split('/')[1]!;

/** Folders of the modules that `app.module.ts` imports, lowest first. */
function folders(): string[] {
  const module = sources.find(({ path }) => path === 'src/app.module.ts')!;
  const homes = new Map(
    [...module.text.matchAll(/import \{ (\w+Module) \} from '\.\/(\w+)\//g)].map(([, name, home]) => [name!, home!]),
  );
  const imported = nodesOf(module.tree).find(
    (node) => ts.isPropertyAssignment(node) && node.name.getText() === 'imports',
  )!;
  const listed = [...imported.getText().matchAll(/\b\w+Module\b/g)].map(([name]) => homes.get(name)!);
  return [...new Set(listed)];
}

describe('rule 1: a module imports the floor and what is listed before it', () => {
  it('knows the place of every folder', () => {
    const known = new Set([...folders(), ...floor]);
    expect(folders().length).toBeGreaterThan(5);
    expect(product.map(({ path }) => path).filter((path) => !isEntryPoint(path) && !known.has(folderOf(path)))).toEqual(
      [],
    );
  });

  it('imports nothing from above', () => {
    const order = folders();
    const wrong = product.flatMap((source) => {
      if (isEntryPoint(source.path)) return [];
      const own = folderOf(source.path);
      return importsOf(source)
        .filter(({ target }) => target.startsWith('src/'))
        .filter(({ target }) => {
          const other = folderOf(target);
          if (other === own || floor.includes(other)) return false;
          return floor.includes(own) || !order.includes(other) || order.indexOf(other) > order.indexOf(own);
        })
        .map(({ target }) => `${source.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no files that import each other in a circle', () => {
    const edges = new Map(
      product.map((source) => [
        source.path,
        importsOf(source)
          .filter(({ typeOnly }) => !typeOnly)
          .map(({ target }) => target),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (done.has(path)) return;
      done.add(path);
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    };
    for (const path of edges.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  it('has no forwardRef', () => {
    expect(product.filter(({ text }) => text.includes('forwardRef')).map(({ path }) => path)).toEqual([]);
  });

  it('has no barrels', () => {
    const barrels = sources.filter(
      (source) => /\/index\.[jt]s$/.test(source.path) || importsOf(source).some(({ reExport }) => reExport),
    );
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  it('leaves tests out of the product', () => {
    const wrong = product.filter((source) =>
      importsOf(source).some(({ target }) => target.startsWith('test/') || /spec\.ts$/.test(target)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('rule 2: SQL has its places', () => {
  const beginning =
    /^\s*(--\s|select\s|insert\s+into\s|update\s+\w+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+\w+\s+as\s|(create|alter|drop)\s+(table|index|view|function|database|role)\s|begin$|commit$)/i;

  it('stands in repositories, migrations, database/ and operations/', () => {
    const isPlace = (path: string): boolean =>
      path.endsWith('.repository.ts') || /^src\/(database|operations)\//.test(path);
    const wrong = product
      .filter(({ path }) => !isPlace(path))
      .flatMap(({ path, tree }) =>
        nodesOf(tree)
          .map(textOf)
          .filter((text) => text !== undefined && beginning.test(text))
          .map((text) => `${path}: ${text!.trim().split('\n')[0]}`),
      );
    expect(wrong).toEqual([]);
  });

  const importers = (packages: RegExp, allowed: (path: string) => boolean): string[] =>
    product
      .filter(({ path }) => !allowed(path))
      .filter((source) => importsOf(source).some(({ target, typeOnly }) => packages.test(target) && !typeOnly))
      .map(({ path }) => path);

  it('lets only database/ import TypeORM and pg', () => {
    const allowed = (path: string): boolean =>
      path.startsWith('src/database/') ||
      path.startsWith('migrations/') ||
      path === 'ormconfig.ts' ||
      // what the product is compared with
      path === 'bench/peer.ts';
    expect(importers(/^(typeorm|pg)(\/|$)/, allowed)).toEqual([]);
    // the type of what they pass on is all that these may know
    const passers = ['src/app.ts', 'src/app.module.ts'];
    const knowing = product.filter(
      (source) => !allowed(source.path) && importsOf(source).some(({ target }) => /^(typeorm|pg)(\/|$)/.test(target)),
    );
    expect(knowing.map(({ path }) => path).filter((path) => !passers.includes(path))).toEqual([]);
  });

  it('lets only jobs/ import BullMQ', () => {
    expect(importers(/^bullmq(\/|$)/, (path) => path.startsWith('src/jobs/'))).toEqual([]);
  });
});

describe('rule 12: files are small and have names', () => {
  it('has no file over 400 lines', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 400);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('has no constructor with more than 6 dependencies', () => {
    const wide = product.flatMap(({ path, tree }) =>
      nodesOf(tree)
        .filter((node) => ts.isConstructorDeclaration(node) && node.parameters.length > 6)
        .map((node) => `${path}: ${(node.parent as ts.ClassDeclaration).name?.text}`),
    );
    expect(wide).toEqual([]);
  });

  it('has no name that says nothing', () => {
    const empty = /^(utils?|common|helpers?|managers?|misc)$/i;
    const names = (text: string): string[] => text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/);
    const wrong = sources.flatMap(({ path, tree }) => {
      const classes = nodesOf(tree)
        .filter(ts.isClassDeclaration)
        .map((node) => node.name?.text ?? '');
      return [path, ...classes]
        .filter((name) => names(name).some((part) => empty.test(part)))
        .map((name) => `${path}: ${name}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('the environment', () => {
  it('is read by config.ts alone', () => {
    const readers = product.filter(
      ({ path, tree }) =>
        path !== 'src/config.ts' &&
        nodesOf(tree).some((node) => ts.isPropertyAccessExpression(node) && node.getText() === 'process.env'),
    );
    expect(readers.map(({ path }) => path)).toEqual([]);
  });

  it('is described to operators, variable by variable', () => {
    const names = [...readFileSync('src/config.ts', 'utf8').matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g)];
    const described = readFileSync('docs/operations.md', 'utf8');
    expect(names.map(([, name]) => name!).filter((name) => !described.includes(name))).toEqual([]);
  });
});

describe('events', () => {
  it('are told by somebody where a job waits for them', () => {
    const topics = catalogue.flatMap(({ on = [] }) => on);
    const others = product.filter(({ path }) => path !== 'src/jobs/catalogue.ts').map(({ text }) => text);
    expect(topics.length).toBeGreaterThan(10);
    expect(topics.filter((topic) => !others.some((text) => text.includes(`'${topic}'`)))).toEqual([]);
  });
});
