import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { categories } from './categories.js';
import { type Part, parts } from './parts.js';
import { RetentionRunsRepository } from './retention-runs.repository.js';
import type { RetentionFigures, RetentionPreview, RetentionRunResponse } from './retention.dto.js';
import { type HeldBack, type Retention, RetentionRepository } from './retention.repository.js';
import { addUp, boundsOf, firstDay, firstKept } from './retention.service.js';

const statementSeconds = 50;

/** What retention would do, and has done. */
@Injectable()
export class RetentionReads {
  private readonly retention: RetentionRepository;
  private readonly runs: RetentionRunsRepository;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.retention = new RetentionRepository(database);
    this.runs = new RetentionRunsRepository(database);
  }

  /** As of one moment. */
  preview({ tenantId }: Viewer): Promise<RetentionPreview> {
    const now = this.clock.now();
    return this.database.transaction(
      async () => {
        const all = await this.retention.list(null);
        const own = all.find((retention) => retention.tenantId === tenantId)!;
        const figures: RetentionFigures[] = [];
        for (const category of categories) {
          const ofCategory = parts.filter((part) => part.category === category);
          const extents = [];
          const held: HeldBack[] = [];
          const partitions: string[] = [];
          for (const part of ofCategory) {
            const first = firstKept(part, own, now);
            extents.push(await this.retention.preview(tenantId, part, first));
            held.push(...(await this.retention.listHeld(tenantId, part, first)));
            partitions.push(...(await this.listDroppable(part, all, tenantId, now)));
          }
          const days = extents.flatMap(({ oldest, newest }) => [oldest, newest]).filter((day) => day !== null);
          figures.push({
            category,
            keptFrom: firstDay(category, own, now),
            rows: extents.reduce((sum, { rows }) => sum + rows, 0),
            oldest: days.toSorted().at(0) ?? null,
            newest: days.toSorted().at(-1) ?? null,
            partitions,
            heldBack: addUp(held),
          });
        }
        return { at: now.toISOString(), categories: figures };
      },
      { isolation: 'repeatable read', statementSeconds },
    );
  }

  async list({ tenantId }: Viewer, query: PageQuery): Promise<Page<RetentionRunResponse>> {
    const listing = { scope: ['retention runs'], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const rows = await this.runs.list(tenantId, position);
    return toPage(rows, position, { listing, keysOf: ({ startedAt, id }) => [startedAt, id] });
  }

  private async listDroppable(part: Part, all: readonly Retention[], tenantId: string, now: Date): Promise<string[]> {
    const droppable: string[] = [];
    for (const month of part.partitions ? await this.retention.listMonths(part.partitions) : []) {
      const [from, to] = boundsOf(part, month);
      const past = all.filter((retention) => new Date(firstKept(part, retention, now)) >= new Date(to));
      const within = await this.retention.listTenantsWithin(part, from, to);
      if (!within.every((id) => past.some((retention) => retention.tenantId === id)) || past.length === 0) break;
      if (!within.includes(tenantId) || (await this.retention.hasHold(within, part.category))) continue;
      droppable.push(`${part.table}_${month.replace('-', '_')}`);
    }
    return droppable;
  }
}
