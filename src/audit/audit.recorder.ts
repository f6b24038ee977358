import { Injectable, type OnModuleInit } from '@nestjs/common';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Flights } from '../database/flights.js';
import { currentRequest, peopleOf } from '../http/request.js';
import type { Viewer } from '../http/viewer.js';
import { AuditRepository, type AuditRow } from './audit.repository.js';
import { keptOf, oneLine } from './entry-values.js';
import { type KeyOwner, type Keys, PersonKeys } from './person-keys.js';
import { PersonKeysRepository } from './person-keys.repository.js';
import { encrypt } from './personal-values.js';
import { randomFew } from './random-few.js';

/** The agent's header can be as long as the client likes. */
const longestAgent = 400;
const longestTarget = 200;
const people: ReadonlySet<string> = new Set(['student', 'user', 'instructor']);

export interface AuditEntry {
  /** `noun.past`, as in `student.reassigned`. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId?: string;
  /**
   * Whom it is about: the target, where that is a person, unless told. `before`, `after` and `reason` are then kept under
   * that person's key, and go when the person is erased; what they say of anybody else may be no more than ids. Without a
   * person they are kept in plain and for good, and may say nothing of anybody.
   */
  readonly personId?: string | null;
  /**
   * What changed, as it was and as it is. What is secret is left out, what is too long is cut. `after.delegation` says
   * whose roster the actor had reached it by.
   */
  readonly before?: unknown;
  readonly after?: unknown;
  /** `done` unless told. */
  readonly result?: 'done' | 'refused' | 'failed';
  readonly reason?: string;
}

/** Who did it: a viewer, or a job of a tenant. */
export type Actor = Pick<Viewer, 'tenantId' | 'role'> & { readonly userId: string | null };

export interface RecordedAction {
  readonly actor: Actor;
  /** What it was asked with; undefined in a job. */
  readonly request: FastifyRequest | undefined;
  readonly entry: AuditEntry;
}

/** Writes down who did what to whom. What has been written can be neither changed nor deleted through this. */
@Injectable()
export class AuditRecorder implements OnModuleInit {
  private readonly reads = new Flights<RecordedAction, null>(
    async (tenantId, actions) => {
      await this.recordAll(tenantId, actions);
      return actions.map(() => null);
    },
    { flights: 2, items: 1_000 },
  );

  constructor(
    private readonly repository: AuditRepository,
    private readonly keys: PersonKeys,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.database.atBegin(() => this.foresee(currentRequest()));
  }

  /** One that writes by other connections than the application's. */
  static on(database: Database, clock: Clock): AuditRecorder {
    const keys = new PersonKeys(new PersonKeysRepository(database), database, clock);
    return new AuditRecorder(new AuditRepository(database), keys, database, clock);
  }

  /** One insert for any number of entries, inside the running transaction: what is undone is not on record. */
  record(actor: Actor, entries: AuditEntry | readonly AuditEntry[]): Promise<void> {
    const list = Array.isArray(entries) ? (entries as readonly AuditEntry[]) : [entries as AuditEntry];
    const request = currentRequest();
    return this.recordAll(
      actor.tenantId,
      list.map((entry) => ({ actor, request, entry })),
    );
  }

  /**
   * Puts the reading of somebody's data on record before it is answered, outside of any transaction; what is read at
   * the same time shares an insert.
   */
  async recordRead(actor: Actor, entry: AuditEntry): Promise<void> {
    await this.reads.submit(actor.tenantId, [{ actor, request: currentRequest(), entry }]);
  }

  /** Has the keys known, of the viewer and of whom the path names, for entries that are still to come. */
  async foresee(request: Pick<FastifyRequest, 'viewer' | 'template' | 'params'> | undefined): Promise<void> {
    if (!request?.viewer) return;
    const named = peopleOf(request).map((id) => ({ id: id.toLowerCase(), isOperator: false }));
    await this.keys.learn(request.viewer.tenantId, ownerOf(request.viewer), named);
  }

  /** One insert for what several requests of one tenant did in one transaction. */
  async recordAll(tenantId: string, actions: readonly RecordedAction[]): Promise<void> {
    if (actions.length === 0) return;
    const drafts = actions.map((action) => draftOf(tenantId, action));
    const rowsWith = (keys: Keys): AuditRow[] => drafts.map((draft) => rowOf(draft, keys));
    const owners = drafts.flatMap(({ actor, person }) => [actor, person]).filter((owner) => owner !== undefined);
    // how long it takes must not tell a stranger whom there is
    const isStrange = actions.some(({ request }) => request && !request.viewer);
    await this.repository.insert(tenantId, this.clock.now(), () => {
      const known = isStrange ? undefined : this.keys.known(tenantId, owners);
      return known ? rowsWith(known) : this.keys.find(tenantId, owners).then(rowsWith);
    });
  }
}

/** An entry of which personal values are still to be encrypted. */
interface Draft {
  readonly tenantId: string;
  readonly row: Omit<AuditRow, 'details' | 'origin' | 'before' | 'after' | 'reason' | 'address' | 'agent'>;
  readonly values: ReturnType<typeof keptOf>;
  readonly origin: { readonly address: string | null; readonly agent: string | null };
  /** Undefined where there is nothing to encrypt. */
  readonly actor: KeyOwner | undefined;
  readonly person: KeyOwner | undefined;
}

function draftOf(tenantId: string, { actor, request, entry }: RecordedAction): Draft {
  const { action, targetType, targetId, result = 'done' } = entry;
  const values = keptOf(entry);
  const personId = personOf(entry);
  const agent = request?.headers['user-agent'];
  const { credential } = request ?? {};
  const hasValues = values.before !== null || values.after !== null || values.reason !== null;
  return {
    tenantId,
    values,
    origin: { address: request?.ip ?? null, agent: agent === undefined ? null : oneLine(agent, longestAgent) },
    actor: request && ownerOf(actor),
    person: personId !== null && hasValues ? { id: personId, isOperator: false } : undefined,
    row: {
      id: entryId(),
      actor_id: actor.userId ?? null,
      actor_role: actor.role,
      action,
      target_type: targetType,
      target_id: targetId === undefined ? null : oneLine(targetId, longestTarget),
      request_id: request?.id ?? null,
      result,
      person_id: personId,
      key_id: credential?.kind === 'key' && isUuid(credential.id) ? credential.id : null,
      stood_in_for: standsInFor(values.after),
    },
  };
}

let entries = 0;

/** Those of one process in the order in which they were made. */
function entryId(): string {
  entries = (entries + 1) >>> 0;
  return uuidv7({ random: randomFew(16), seq: entries });
}

function ownerOf({ userId, role }: Actor): KeyOwner | undefined {
  return userId !== null && role !== 'service'
    ? { id: userId.toLowerCase(), isOperator: role === 'operator' }
    : undefined;
}

function rowOf({ tenantId, row, values, origin, actor, person }: Draft, keys: Keys): AuditRow {
  const sealed = (owner: KeyOwner | undefined, value: object, column: 'details' | 'origin'): Buffer | null => {
    // whoever is not there, or not any more, has nothing kept of them
    const key = owner && keys(owner);
    return key ? encrypt(key, value, { tenantId, id: row.id, column }) : null;
  };
  const isPlain = row.person_id === null;
  const json = (value: unknown): string | null => (isPlain && value !== null ? JSON.stringify(value) : null);
  return {
    ...row,
    before: json(values.before),
    after: json(values.after),
    reason: isPlain ? values.reason : null,
    details: sealed(person, values, 'details'),
    address: actor ? null : origin.address,
    agent: actor ? null : origin.agent,
    origin: sealed(actor, origin, 'origin'),
  };
}

function personOf({ personId, targetType, targetId }: AuditEntry): string | null {
  const id = personId === undefined && people.has(targetType) ? targetId : personId;
  return id && isUuid(id) ? id.toLowerCase() : null;
}

/** The instructor of `after.delegation`. */
function standsInFor(after: unknown): string | null {
  const { instructorId } = (after as { delegation?: { instructorId?: unknown } } | null)?.delegation ?? {};
  return typeof instructorId === 'string' && isUuid(instructorId) ? instructorId : null;
}
