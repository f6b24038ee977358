import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { PersonKeysRepository } from './person-keys.repository.js';

/**
 * A key stays the same until it is thrown away. What is encrypted under it in some process after that can be read by nobody:
 * no harm, and none for long.
 */
const lifetimeSeconds = 600;
const mostKept = 20_000;

/** An operator's key is of the installation, whatever tenant they do something to. */
export interface KeyOwner {
  readonly id: string;
  readonly isOperator: boolean;
}

interface Kept {
  readonly key: Buffer;
  readonly until: number;
}

/** What is said of people in new entries is encrypted under their keys; null: there is nobody, or nobody any more. */
export type Keys = (owner: KeyOwner) => Buffer | null;

@Injectable()
export class PersonKeys {
  /** Whoever does something does so again, and who is changed has mostly been changed before. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly repository: PersonKeysRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * In one statement, and in none where all are known.
   * @param always in one statement whoever is wanted, also nobody
   */
  async find(tenantId: string, { owners, always }: { owners: readonly KeyOwner[]; always: boolean }): Promise<Keys> {
    const now = this.clock.now().getTime();
    const known = new Map<string, Buffer>();
    const wanted: KeyOwner[] = [];
    for (const owner of owners) {
      const name = nameOf(tenantId, owner);
      const kept = this.kept.get(name);
      if (!always && kept && kept.until > now) known.set(name, kept.key);
      else wanted.push(owner);
    }
    if (always || wanted.length > 0) {
      const idsOf = (are: boolean): string[] => wanted.filter((one) => one.isOperator === are).map(({ id }) => id);
      const found = (await this.repository.list(tenantId, idsOf(false), idsOf(true))).map(
        ({ personId, isOperator, key }) => [nameOf(tenantId, { id: personId, isOperator }), key] as const,
      );
      for (const [name, key] of found) known.set(name, key);
      // whoever was made in this transaction may turn out never to have been
      await this.database.afterCommit(() => this.keep(found, now));
    }
    return (owner) => known.get(nameOf(tenantId, owner)) ?? null;
  }

  private keep(found: readonly (readonly [string, Buffer])[], now: number): void {
    for (const [name, key] of found) {
      this.kept.delete(name);
      this.kept.set(name, { key, until: now + lifetimeSeconds * 1000 });
    }
    for (const name of this.kept.keys()) {
      if (this.kept.size <= mostKept) break;
      this.kept.delete(name);
    }
  }
}

function nameOf(tenantId: string, { id, isOperator }: KeyOwner): string {
  return isOperator ? id : `${tenantId}/${id}`;
}
