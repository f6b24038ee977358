import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
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

/** Writes down who did what to whom. What has been written can be neither changed nor deleted through this. */
@Injectable()
export class AuditRecorder {
  constructor(
    private readonly repository: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /** One insert for any number of entries, inside the running transaction: what is undone is not on record. */
  async record(actor: Actor, entries: AuditEntry | readonly AuditEntry[]): Promise<void> {
    const list = Array.isArray(entries) ? (entries as readonly AuditEntry[]) : [entries as AuditEntry];
    if (list.length === 0) return;
    const request = currentRequest();
    const common = {
      actor_id: actor.userId,
      actor_role: actor.role,
      request_id: request?.id ?? null,
      address: request?.ip ?? null,
      agent: request?.headers['user-agent']?.slice(0, longestAgent) ?? null,
    };
    const rows = list.map((entry): AuditRow => ({
      ...common,
      id: uuidv7(),
      action: entry.action,
      target_type: entry.targetType,
      target_id: entry.targetId ?? null,
      before: entry.before ?? null,
      after: entry.after ?? null,
      result: entry.result ?? 'done',
      reason: entry.reason ?? null,
    }));
    await this.repository.insert(actor.tenantId, this.clock.now(), rows);
  }
}
