import type { AuditDifference } from './audit-logs.dto.js';

/** Deeper than anything that is recorded; what lies below is shown whole. */
const deepest = 8;

/**
 * Field by field, in the order of the fields; what is equal is left out. Lists are values: where one has changed, both are
 * shown.
 */
export function differencesOf(before: unknown, after: unknown): AuditDifference[] {
  return [...differences('', before ?? undefined, after ?? undefined, 0)];
}

function* differences(field: string, before: unknown, after: unknown, depth: number): Generator<AuditDifference> {
  const parts = [before, after].filter((part) => part !== undefined);
  if (parts.length > 0 && parts.every(isRecord) && depth < deepest) {
    const [was, is] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
    for (const name of new Set([...Object.keys(was!), ...Object.keys(is!)])) {
      yield* differences(field === '' ? name : `${field}.${name}`, was![name], is![name], depth + 1);
    }
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    yield { field, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
