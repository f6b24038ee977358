import { Injectable } from '@nestjs/common';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import type { AuditFilter, AuditLogEntry, AuditLogsQuery } from './audit-logs.dto.js';
import { AuditLogsRepository, type FoundEntry } from './audit-logs.repository.js';
import { AuditRecorder } from './audit.recorder.js';
import { differencesOf } from './differences.js';
import { readValues } from './found-values.js';

@Injectable()
export class AuditLogs {
  constructor(
    private readonly entries: AuditLogsRepository,
    private readonly audit: AuditRecorder,
  ) {}

  /** Is on record itself, before it is answered. @throws Problem 400 */
  async list(viewer: Viewer, { limit, page, cursor, ...filter }: AuditLogsQuery): Promise<Page<AuditLogEntry>> {
    if (filter.from !== undefined && filter.to !== undefined && Date.parse(filter.from) >= Date.parse(filter.to)) {
      const detail = 'must lie before `to`';
      throw Problem.invalid([{ pointer: '/query/from', code: 'value_invalid', detail }]);
    }
    const meant: AuditFilter = {
      ...filter,
      ...(filter.actorId && { actorId: filter.actorId.toLowerCase() }),
      ...(filter.personId && { personId: filter.personId.toLowerCase() }),
    };
    const listing = { scope: ['audit', meant], keys: ['instant', 'id'] as const };
    const position = positionOf({ limit, page, cursor }, listing);
    const entry = { action: 'audit.viewed', targetType: 'audit', personId: meant.personId ?? personOf(viewer) };
    await this.audit.recordRead(viewer, { ...entry, after: { ...meant } });
    const { rows, cutAt } = await this.entries.list(viewer.tenantId, meant, position);
    return toPage(
      rows.map((row) => entryOf(viewer.tenantId, row)),
      position,
      { listing, keysOf: ({ at, id }) => [at, id], cutAt },
    );
  }
}

function entryOf(tenantId: string, entry: FoundEntry): AuditLogEntry {
  const { id, at, actorId, actorName, actorRole, action, targetType, targetId, result } = entry;
  const { before, after, reason, address, agent, erased } = readValues(tenantId, id, entry);
  return {
    id,
    at,
    actor: { id: actorId, name: actorName, role: actorRole, keyId: entry.keyId, delegationId: entry.delegationId },
    action,
    target: { type: targetType, id: targetId },
    personId: entry.personId,
    result,
    reason,
    changes: differencesOf(before, after),
    erased,
    requestId: entry.requestId,
    address,
    agent,
  };
}
