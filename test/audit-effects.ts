import { readFileSync } from 'node:fs';
import { reads, unauditedJobs, unauditedOperations, unauditedStatements } from './audited.js';

/** What a request that was answered with 2xx, or a run of a job that ended well, has done to the database. */
export interface Effect {
  /** `PATCH /api/v1/students/:id`, or `job risk.evaluate`. */
  readonly of: string;
  /** Names of the statements that wrote something, and were not undone. */
  readonly writes: readonly string[];
  readonly isAudited: boolean;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

/** Ids of operations by how an effect names them. */
export function operationIds(): Map<string, string> {
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as Document;
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]): [string, string] => [
        `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
        operationId,
      ]),
    ),
  );
}

/**
 * What is not as `audited.ts` has it, a line each. Routes that only tests have are left alone.
 * @param isWhole all tests have run, so that what did not happen happens nowhere
 */
export function faultsOf(effects: readonly Effect[], isWhole: boolean): string[] {
  const ids = operationIds();
  const faults = new Set<string>();
  const recorded = new Set<string>();
  const used = new Set<string>();
  for (const { of, writes, isAudited } of effects) {
    const id = of.startsWith('job ') ? of.slice(4) : ids.get(of);
    if (id === undefined) continue;
    if (isAudited) recorded.add(id);
    if (isAudited && id in reads && reads[id] !== 'recorded') faults.add(`${id} leaves an entry, and should not`);
    if (isAudited || writes.length === 0) continue;
    const open = writes.filter((name) => !(name in unauditedStatements || name.startsWith('test.')));
    for (const name of writes) used.add(name);
    if (open.length === 0) continue;
    used.add(id);
    if (!(id in unauditedOperations || id in unauditedJobs))
      faults.add(`${id} wrote ${open.join(', ')} and left no entry`);
  }
  if (!isWhole) return [...faults];
  const missed = Object.keys(reads).filter((id) => reads[id] === 'recorded' && !recorded.has(id));
  const needless = Object.keys({ ...unauditedStatements, ...unauditedOperations }).filter((name) => !used.has(name));
  return [
    ...faults,
    ...missed.map((id) => `${id} leaves no entry in any test`),
    ...needless.map((name) => `${name} is an exception that nothing needs`),
  ];
}
