import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { PersonKeysRepository } from './person-keys.repository.js';

/** What is encrypted under a key that has been thrown away meanwhile can be read by nobody: no harm, and none for long. */
const lifetimeSeconds = 60;
const mostKept = 2_000;

/** An operator's key is of the installation, whatever tenant they do something to. */
export interface KeyOwner {
  readonly id: string;
  readonly isOperator: boolean;
}

interface Kept {
  readonly key: Buffer | null;
  readonly until: number;
}

/** What is said of people in new entries is encrypted under their keys; null: there is nobody, or nobody any more. */
export type Keys = (owner: KeyOwner) => Buffer | null;

@Injectable()
export class PersonKeys {
  /** Of those who do something: they do so again and again. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly repository: PersonKeysRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * In one statement, and in none where only those are wanted who have done something lately.
   * @param always in one statement whoever is wanted, also nobody
   */
  async find(
    tenantId: string,
    { actors, people, always }: { actors: readonly KeyOwner[]; people: readonly KeyOwner[]; always: boolean },
  ): Promise<Keys> {
    const now = this.clock.now().getTime();
    const known = new Map<string, Buffer | null>();
    const wanted = new Map<string, KeyOwner>();
    for (const owner of [...actors, ...people]) {
      const name = nameOf(tenantId, owner);
      const kept = this.kept.get(name);
      if (!always && kept && kept.until > now) known.set(name, kept.key);
      else wanted.set(name, owner);
    }
    if (always || wanted.size > 0) {
      const owners = [...wanted.values()];
      const idsOf = (are: boolean): string[] => owners.filter((one) => one.isOperator === are).map(({ id }) => id);
      for (const name of wanted.keys()) known.set(name, null);
      for (const { personId, isOperator, key } of await this.repository.list(tenantId, idsOf(false), idsOf(true))) {
        known.set(nameOf(tenantId, { id: personId, isOperator }), key);
      }
      const acting = actors.map((owner) => nameOf(tenantId, owner)).filter((name) => wanted.has(name));
      // whoever was made in this transaction may turn out never to have been
      await this.database.afterCommit(() => this.keep(acting, known, now));
    }
    return (owner) => known.get(nameOf(tenantId, owner)) ?? null;
  }

  private keep(names: readonly string[], known: ReadonlyMap<string, Buffer | null>, now: number): void {
    for (const name of names) {
      this.kept.delete(name);
      this.kept.set(name, { key: known.get(name) ?? null, until: now + lifetimeSeconds * 1000 });
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
