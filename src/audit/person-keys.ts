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

  /** @returns undefined unless all are known */
  known(tenantId: string, owners: readonly KeyOwner[]): Keys | undefined {
    const known = new Map<string, Buffer>();
    for (const owner of owners) {
      const key = this.know(tenantId, owner);
      if (!key) return undefined;
      known.set(nameOf(tenantId, owner), key);
    }
    return (owner) => known.get(nameOf(tenantId, owner)) ?? null;
  }

  /** In one statement, whoever is wanted, also nobody. */
  async find(tenantId: string, owners: readonly KeyOwner[]): Promise<Keys> {
    const found = new Map(await this.ask(tenantId, owners));
    // whoever was made in this transaction may turn out never to have been
    await this.database.afterCommit(() => this.keep([...found]));
    return (owner) => found.get(nameOf(tenantId, owner)) ?? null;
  }

  /**
   * Asks for those that are not known yet, and for others of the rosters of those who are named. Not in a transaction that
   * has made anybody.
   */
  async learn(tenantId: string, viewer: KeyOwner | undefined, named: readonly KeyOwner[]): Promise<void> {
    const isUnknown = (owner: KeyOwner): boolean => !this.know(tenantId, owner);
    const unknown = named.filter(isUnknown);
    const owners = viewer && isUnknown(viewer) ? [viewer, ...unknown] : unknown;
    if (owners.length === 0) return;
    const ids = unknown.map(({ id }) => id);
    const [found, beside] = await Promise.all([
      this.ask(tenantId, owners),
      ids.length === 0 ? [] : this.repository.listBeside(tenantId, ids),
    ]);
    this.keep(beside.map(({ personId: id, key }) => [nameOf(tenantId, { id, isOperator: false }), key]));
    this.keep(found);
  }

  private know(tenantId: string, owner: KeyOwner): Buffer | undefined {
    const kept = this.kept.get(nameOf(tenantId, owner));
    return kept && kept.until > this.clock.now().getTime() ? kept.key : undefined;
  }

  private async ask(tenantId: string, owners: readonly KeyOwner[]): Promise<[string, Buffer][]> {
    const idsOf = (are: boolean): string[] => owners.filter((one) => one.isOperator === are).map(({ id }) => id);
    const rows = await this.repository.list(tenantId, idsOf(false), idsOf(true));
    return rows.map(({ personId, isOperator, key }) => [nameOf(tenantId, { id: personId, isOperator }), key]);
  }

  private keep(found: readonly (readonly [string, Buffer])[]): void {
    const until = this.clock.now().getTime() + lifetimeSeconds * 1000;
    for (const [name, key] of found) {
      this.kept.delete(name);
      this.kept.set(name, { key, until });
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
