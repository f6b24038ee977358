import { isDeepStrictEqual } from 'node:util';

/** The row with what a change says; the row itself when that is nothing new. What is undefined says nothing. */
export function withChange<T extends object>(row: T, change: Partial<NoInfer<T>>): T {
  const said = Object.entries(change).filter(
    ([key, value]) => value !== undefined && !isDeepStrictEqual(value, row[key as keyof T]),
  );
  return said.length === 0 ? row : { ...row, ...(Object.fromEntries(said) as Partial<T>) };
}

interface Retirable {
  readonly isActive: boolean;
}

/** What happened to something that can be retired, in the past tense of audit actions. */
export function pastOf(before: Retirable, after: Retirable): 'changed' | 'retired' | 'restored' {
  if (before.isActive === after.isActive) return 'changed';
  return after.isActive ? 'restored' : 'retired';
}
