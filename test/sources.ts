import { readdirSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import ts from 'typescript';

/** A file of the source tree, as the rules of the house look at it. */
export interface Source {
  /** From the root of the repository, as in `src/org/org.module.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** A test, or something that only tests use. */
  readonly isTest: boolean;
}

export interface Import {
  /** `src/org/org.module.ts`, or the name of a package or built-in module. */
  readonly target: string;
  readonly typeOnly: boolean;
  /** `export … from` and not `import`. */
  readonly reExport: boolean;
}

export interface Statement {
  /** `students.list` */
  readonly name: string;
  readonly path: string;
  /** The text with the fragments that its file puts in. */
  readonly sql: string;
  /** Whether something is put in that is not a fragment of its file; then only a run shows the whole text. */
  readonly isComposed: boolean;
  /** Of the method around it; undefined outside of one. */
  readonly firstParameter: string | undefined;
}

const directories = ['src', 'migrations', 'test', 'bench', 'scripts'];
const loose = ['ormconfig.ts', 'jest.config.js', 'eslint.config.js'];

let sources: readonly Source[] | undefined;

/** Every file written by hand in TypeScript or JavaScript; read once for all who ask. */
export function readSources(): readonly Source[] {
  return (sources ??= [...directories.flatMap(filesBelow), ...loose].map((path) => {
    const text = readFileSync(path, 'utf8');
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
    return { path, text, tree, isTest: path.startsWith('test/') || /\.(e2e-)?spec\.ts$/.test(path) };
  }));
}

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
      .map((entry) => posix.join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('node_modules/'))
      .sort();
  } catch {
    return []; // not every directory has to be there
  }
}

/** All nodes of a tree, outer ones first. */
export function nodesOf(root: ts.Node): ts.Node[] {
  const nodes = [root];
  // grows while it is walked
  for (const node of nodes) ts.forEachChild(node, (child) => void nodes.push(child));
  return nodes;
}

export function importsOf({ path, tree }: Source): Import[] {
  return nodesOf(tree).flatMap((node): Import[] => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (!node.moduleSpecifier) return [];
      const reExport = ts.isExportDeclaration(node);
      const typeOnly = reExport ? node.isTypeOnly : isTypeOnly(node.importClause);
      return [{ target: resolve(path, (node.moduleSpecifier as ts.StringLiteral).text), typeOnly, reExport }];
    }
    const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const [name] = dynamic ? node.arguments : [];
    return name && ts.isStringLiteral(name)
      ? [{ target: resolve(path, name.text), typeOnly: false, reExport: false }]
      : [];
  });
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  const { namedBindings: bindings, name } = clause;
  const eachIsType = bindings && ts.isNamedImports(bindings) && bindings.elements.every((one) => one.isTypeOnly);
  return clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (!name && eachIsType === true);
}

function resolve(from: string, target: string): string {
  return target.startsWith('.') ? posix.join(dirname(from), target).replace(/\.js$/, '.ts') : target;
}

/** The text of a string or template, placeholders as they stand; undefined for any other node. */
export function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) return node.getText().slice(1, -1).replaceAll('\\n', '\n');
  return undefined;
}

/** The statements that a file names by their first line. */
export function statementsOf(source: Source): Statement[] {
  return nodesOf(source.tree).flatMap((node): Statement[] => {
    const text = textOf(node);
    const name = text && /^\s*-- ([a-z]\w*\.[a-zA-Z]\w*)\n/.exec(text)?.[1];
    if (!name) return [];
    const sql = text + fragmentsIn(node, source.tree, new Set());
    const isComposed = isFilledFromElsewhere(node, source.tree);
    return [{ name, path: source.path, sql, isComposed, firstParameter: firstParameterAround(node) }];
  });
}

/** What the same file declares under the names that a template puts in, and under the names in there, and so on. */
function fragmentsIn(node: ts.Node, tree: ts.SourceFile, known: Set<ts.Node>): string {
  if (!ts.isTemplateExpression(node)) return '';
  const names = node.templateSpans.flatMap(({ expression }) =>
    nodesOf(expression)
      .filter(ts.isIdentifier)
      .map((identifier) => identifier.text),
  );
  const declarations = nodesOf(tree).filter(
    (one): one is ts.VariableDeclaration | ts.FunctionDeclaration =>
      (ts.isVariableDeclaration(one) || ts.isFunctionDeclaration(one)) &&
      names.includes(one.name?.getText() ?? '') &&
      !known.has(one),
  );
  return declarations
    .map((declaration) => {
      known.add(declaration);
      const inside = nodesOf(declaration).map((one) => fragmentsIn(one, tree, known));
      return `\n${declaration.getText()}${inside.join('')}`;
    })
    .join('');
}

function isFilledFromElsewhere(node: ts.Node, tree: ts.SourceFile): boolean {
  if (!ts.isTemplateExpression(node)) return false;
  const declared = nodesOf(tree)
    .filter((one) => ts.isVariableDeclaration(one) || ts.isFunctionDeclaration(one))
    .map((one) => one.name?.getText());
  return node.templateSpans.some(({ expression }) => {
    const origin = ts.isCallExpression(expression) ? expression.expression : expression;
    return !declared.includes(origin.getText());
  });
}

function firstParameterAround(node: ts.Node): string | undefined {
  for (let around = node.parent; around; around = around.parent) {
    if (ts.isMethodDeclaration(around)) return around.parameters[0]?.getText() ?? '';
  }
  return undefined;
}
