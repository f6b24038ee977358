import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transform } from '@swc/core';

/**
 * Lets Node itself run the sources: the tests, their global set-up, and processes that tests start
 * (`node --import ./test/typescript.js file.ts`). Registers itself; Node calls the two functions in a thread.
 */
if (isMainThread) register(import.meta.url);
// a process that a test has started: its statements count too
if (isMainThread && process.env.TEST_TEMPLATE) await import('./statements.ts');

const swc = {
  target: 'es2022',
  parser: { syntax: 'typescript', decorators: true },
  transform: { legacyDecorator: true, decoratorMetadata: true },
  experimental: { keepImportAttributes: true },
};

export async function resolve(specifier, context, next) {
  const ours = specifier.startsWith('.') && specifier.endsWith('.js') && !context.parentURL?.includes('/node_modules/');
  if (!ours) return next(specifier, context);
  return next(specifier.replace(/\.js$/, '.ts'), context).catch(() => next(specifier, context));
}

export async function load(url, context, next) {
  if (!/\.m?ts(\?|$)/.test(url)) return next(url, context);
  const filename = fileURLToPath(url);
  const options = { filename, swcrc: false, sourceMaps: 'inline', jsc: swc, module: { type: 'es6' } };
  const { code } = await transform(await readFile(filename, 'utf8'), options);
  return { format: 'module', source: code, shortCircuit: true };
}
