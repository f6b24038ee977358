/**
 * Every regular expression of the product, to recheck, which proves that none takes more than linear or small polynomial
 * time, or finds the text that proves the contrary.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSync } from 'recheck';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const files = readdirSync(join(root, 'src'), { recursive: true })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('spec.ts'))
  .map((path) => join('src', path));

let count = 0;
let failed = 0;
for (const path of files) {
  const tree = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ES2023, true);
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) check(node, path);
    ts.forEachChild(node, visit);
  };
  visit(tree);
}
console.log(`${count} regular expressions of ${files.length} files, ${failed} vulnerable`);
process.exit(failed === 0 ? 0 : 1);

function check(node, path) {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(node.text);
  const { status, complexity, attack, error } = checkSync(source, flags, { timeout: 20_000 });
  count += 1;
  if (status === 'safe') return;
  failed += 1;
  const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  console.log(
    `${path}:${line + 1} ${node.text}: ${status} ${complexity?.summary ?? error?.kind ?? ''} ${attack?.pattern ?? ''}`,
  );
}
