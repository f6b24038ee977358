import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { AuditRemovals } from '../audit/removals.service.js';
import { Clock } from '../database/clock.js';
import { OwnerDatabase } from '../database/owner-database.js';
import { monthAfter, PartitionsRepository } from '../operations/partitions.repository.js';
import { addDays, localDay } from '../org/local-day.js';
import { type Category, categories } from './categories.js';
import { type Part, parts } from './parts.js';
import { RetentionRunsRepository } from './retention-runs.repository.js';
import { type HeldBack, type Retention, RetentionRepository } from './retention.repository.js';

const batchSize = 5_000;
const statementSeconds = 60;

interface TenantRun {
  readonly retention: Retention;
  readonly runId: string;
}

/** Deletes what is past its time: whole months where they are past it in all tenants, the rest of each tenant in batches. */
@Injectable()
export class RetentionService {
  private readonly retention: RetentionRepository;
  private readonly runs: RetentionRunsRepository;
  private readonly audit: AuditRecorder;

  constructor(
    private readonly database: OwnerDatabase,
    private readonly partitions: PartitionsRepository,
    private readonly removals: AuditRemovals,
    private readonly clock: Clock,
  ) {
    this.retention = new RetentionRepository(database);
    this.runs = new RetentionRunsRepository(database);
    this.audit = AuditRecorder.on(database, clock);
  }

  /** Of all tenants. One that fails does not hold up the others. @returns rows deleted, by category */
  async run(signal: AbortSignal): Promise<Record<string, number>> {
    const now = this.clock.now();
    const tenants: TenantRun[] = (await this.retention.list(null)).map((retention) => ({ retention, runId: uuidv7() }));
    for (const tenant of tenants) await this.begin(tenant, now);
    for (const part of parts) if (part.partitions) await this.dropMonths(part, tenants, now, signal);
    const failures: unknown[] = [];
    const total: Record<string, number> = {};
    for (const tenant of tenants) {
      signal.throwIfAborted();
      try {
        for (const part of parts) await this.deleteRows(part, tenant, now, signal);
        for (const { category, rows } of await this.end(tenant.retention.tenantId, tenant.runId)) {
          total[category] = (total[category] ?? 0) + rows;
        }
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} tenants: ${String(failures[0])}`);
    return total;
  }

  private async begin({ retention, runId }: TenantRun, now: Date): Promise<void> {
    const { tenantId } = retention;
    for (const cutOff of await this.runs.listUnfinished(tenantId)) await this.end(tenantId, cutOff);
    await this.database.transaction(
      async () => {
        await this.runs.start(tenantId, runId, now);
        for (const category of categories) {
          const own = parts.filter((part) => part.category === category);
          const held: HeldBack[] = [];
          for (const part of own)
            held.push(...(await this.retention.listHeld(tenantId, part, firstKept(part, retention, now))));
          await this.runs.note(tenantId, runId, category, firstDay(category, retention, now), addUp(held));
        }
      },
      { statementSeconds },
    );
  }

  private end(tenantId: string, runId: string): Promise<readonly { category: string; rows: number }[]> {
    return this.database.transaction(async () => {
      const ended = await this.runs.finish(tenantId, runId, this.clock.now());
      if (!ended) return [];
      await this.audit.record(
        { tenantId, userId: null, role: 'service' },
        {
          action: 'retention.ran',
          targetType: 'retention_run',
          targetId: runId,
          after: { categories: ended.categories },
        },
      );
      return ended.categories;
    });
  }

  private async deleteRows(part: Part, { retention, runId }: TenantRun, now: Date, signal: AbortSignal): Promise<void> {
    const { tenantId } = retention;
    const { category } = part;
    const first = firstKept(part, retention, now);
    if (category === 'audit') {
      return this.removals.trim(tenantId, { runId, cutOff: first as Date }, signal, ({ entries, oldest, newest }) =>
        this.runs.add(tenantId, runId, category, { rows: entries, oldest: dayOf(oldest), newest: dayOf(newest) }),
      );
    }
    for (let rows = batchSize; rows === batchSize;) {
      signal.throwIfAborted();
      rows = await this.database.transaction(
        async () => {
          await this.retention.allow(runId);
          const deleted = await this.retention.delete(tenantId, part, first, batchSize);
          if (deleted.rows > 0) await this.runs.add(tenantId, runId, category, deleted);
          return deleted.rows;
        },
        { statementSeconds },
      );
    }
  }

  private async dropMonths(part: Part, tenants: readonly TenantRun[], now: Date, signal: AbortSignal): Promise<void> {
    const table = part.partitions!;
    for (const month of await this.retention.listMonths(table)) {
      signal.throwIfAborted();
      // a month ends later than the one before it, and is kept at least as long
      if (!(await this.dropMonth(part, month, tenants, now))) return;
    }
  }

  /** @returns whether it is past its time everywhere */
  private async dropMonth(part: Part, month: string, tenants: readonly TenantRun[], now: Date): Promise<boolean> {
    const table = part.partitions!;
    const [from, to] = boundsOf(part, month);
    const past = new Map(
      tenants
        .filter(({ retention }) => new Date(firstKept(part, retention, now)) >= new Date(to))
        .map((tenant) => [tenant.retention.tenantId, tenant]),
    );
    const isPast = async (): Promise<string[] | null> => {
      const within = await this.retention.listTenantsWithin(part, from, to);
      return within.every((id) => past.has(id)) ? within : null;
    };
    if (past.size === 0 || (await isPast()) === null) return false;
    return this.database.transaction(
      async () => {
        await this.retention.lockHolds();
        await this.partitions.lock(table);
        const within = await isPast();
        if (within === null) return false;
        if (await this.retention.hasHold(within, part.category)) return true;
        for (const tenantId of within) if (!(await this.takeLeave(part, past.get(tenantId)!, month, now))) return true;
        await this.partitions.drop(table, month);
        return true;
      },
      { statementSeconds },
    );
  }

  /** @returns false where the month must stay */
  private async takeLeave(part: Part, { retention, runId }: TenantRun, month: string, now: Date): Promise<boolean> {
    const { tenantId } = retention;
    const [from, to] = boundsOf(part, month);
    const partition = `${part.table}_${month.replace('-', '_')}`;
    if (part.table === 'audit_entries') {
      const trimming = { runId, cutOff: firstKept(part, retention, now) as Date };
      const removed = await this.removals.countOut(tenantId, trimming, from as Date, to as Date);
      if (removed === null) return false;
      const { entries: rows, oldest, newest } = removed;
      await this.runs.add(tenantId, runId, part.category, {
        rows,
        oldest: dayOf(oldest),
        newest: dayOf(newest),
        partition,
      });
      return true;
    }
    const extent =
      part.table === 'sessions'
        ? await this.retention.carry(tenantId, from as string, to as string)
        : await this.retention.extentOf(tenantId, part, from, to);
    await this.runs.add(tenantId, runId, part.category, { ...extent, partition });
    return true;
  }
}

/** From when on a part is kept: a local day, or that day's length back from now. */
export function firstKept({ category, type }: Part, retention: Retention, now: Date): Date | string {
  return type === 'date'
    ? firstDay(category, retention, now)
    : new Date(now.getTime() - retention[category] * 86_400_000);
}

export function firstDay(category: Category, retention: Retention, now: Date): string {
  return addDays(localDay(retention.timeZone, now), -retention[category]);
}

export function addUp(held: readonly HeldBack[]): HeldBack[] {
  const sums = new Map<string, HeldBack>();
  for (const one of held) {
    const rows = (sums.get(one.holdId)?.rows ?? 0) + one.rows;
    sums.set(one.holdId, { ...one, rows });
  }
  return [...sums.values()];
}

export function boundsOf({ type }: Part, month: string): readonly [Date | string, Date | string] {
  const days = [`${month}-01`, `${monthAfter(month)}-01`] as const;
  return type === 'date' ? days : [new Date(`${days[0]}T00:00:00Z`), new Date(`${days[1]}T00:00:00Z`)];
}

const dayOf = (instant: string | null): string | null => instant?.slice(0, 10) ?? null;
