import { decrypt } from './personal-values.js';

/** What an entry holds, as it is stored, beside the keys of whom it is about and of who did it. */
export interface StoredValues {
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly details: Buffer | null;
  readonly origin: Buffer | null;
  readonly personKey: Buffer | null;
  readonly actorKey: Buffer | null;
}

export interface ReadValues {
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  /** Something of it was thrown away with the key of a person who has been erased. */
  readonly erased: boolean;
}

/** What can still be read of it; null stands for what cannot. */
export function readValues(tenantId: string, id: string, stored: StoredValues): ReadValues {
  const { details, origin, personKey, actorKey, before, after, reason, address, agent } = stored;
  const open = <T extends object>(key: Buffer | null, bytes: Buffer | null, column: 'details' | 'origin') =>
    key && bytes ? decrypt<T>(key, bytes, { tenantId, id, column }) : undefined;
  type Details = Pick<ReadValues, 'before' | 'after' | 'reason'>;
  type Origin = Pick<ReadValues, 'address' | 'agent'>;
  return {
    ...(open<Details>(personKey, details, 'details') ?? { before, after, reason }),
    ...(open<Origin>(actorKey, origin, 'origin') ?? { address, agent }),
    erased: (details !== null && personKey === null) || (origin !== null && actorKey === null),
  };
}
