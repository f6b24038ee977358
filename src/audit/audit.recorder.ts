import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../database/clock.js';
import { Flights } from '../database/flights.js';
import { currentRequest } from '../http/request.js';
import type { Viewer } from '../http/viewer.js';
import { AuditRepository, type AuditRow } from './audit.repository.js';

/** The agent's header can be as long as the client likes. */
const longestAgent = 400;

export interface AuditEntry {
  /** `noun.past`, as in `student.reassigned`. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId?: string;
  /** What changed, as it was and as it is; nothing that is secret. */
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
export class AuditRecorder {
  private readonly reads = new Flights<RecordedAction, null>(
    async (tenantId, actions) => {
      await this.recordAll(tenantId, actions);
      return actions.map(() => null);
    },
    { flights: 2, items: 1_000 },
  );

  constructor(
    private readonly repository: AuditRepository,
    private readonly clock: Clock,
  ) {}

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

  /** One insert for what several requests of one tenant did in one transaction. */
  async recordAll(tenantId: string, actions: readonly RecordedAction[]): Promise<void> {
    if (actions.length === 0) return;
    const rows = actions.map(({ actor, request, entry }): AuditRow => ({
      id: uuidv7(),
      actor_id: actor.userId,
      actor_role: actor.role,
      request_id: request?.id ?? null,
      address: request?.ip ?? null,
      agent: request?.headers['user-agent']?.slice(0, longestAgent) ?? null,
      action: entry.action,
      target_type: entry.targetType,
      target_id: entry.targetId ?? null,
      before: entry.before ?? null,
      after: entry.after ?? null,
      result: entry.result ?? 'done',
      reason: entry.reason ?? null,
    }));
    await this.repository.insert(tenantId, this.clock.now(), rows);
  }
}
