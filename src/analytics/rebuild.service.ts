import { Injectable } from '@nestjs/common';
import { TenantsService } from '../org/tenants.service.js';
import type { Period } from './analytics-scope.js';
import type { Stale } from './roll-ups.repository.js';
import { RollUps } from './roll-ups.service.js';

const lanes = 2;

/** Everything anew, beside workers that do their part of it. */
@Injectable()
export class Rebuild {
  constructor(
    private readonly rollUps: RollUps,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * Marks the days of a period and everybody's modules, and adds up what is marked. Interrupted, it leaves marks, which
   * workers go on with; so does this, called without a period to mark.
   * @param period local days; all that can be counted anew unless told, null: nothing is marked
   * @param onProgress is told the share that is done, 0–1, and how many days of instructors
   * @throws the signal's reason, between two transactions
   */
  async run(
    tenantId: string,
    period: Partial<Period> | null | undefined,
    signal: AbortSignal,
    onProgress: (share: number, cells: number) => void = () => undefined,
  ): Promise<Stale> {
    if (period !== null) {
      const all = this.rollUps.recountable(await this.tenants.get(tenantId));
      const from = period?.from !== undefined && period.from > all.from ? period.from : all.from;
      const to = period?.to !== undefined && period.to < all.to ? period.to : all.to;
      await this.rollUps.markStudents(tenantId, signal);
      await this.rollUps.markDays(tenantId, { from, to }, signal);
    }
    const stale = await this.rollUps.countStale(tenantId);
    const done = { students: 0, cells: 0 };
    const counting = (unit: keyof Stale) => (count: number) => {
      done[unit] += count;
      const share = (done.students + done.cells) / Math.max(1, stale.students + stale.cells);
      onProgress(Math.min(share, 1), done.cells);
    };
    await inLanes(() => this.rollUps.rollUpStudents(tenantId, signal, counting('students')));
    await inLanes(() => this.rollUps.rollUpCells(tenantId, signal, { onChunk: counting('cells') }));
    return done;
  }
}

/** To the end of all of them, also where one fails. */
async function inLanes(work: () => Promise<unknown>): Promise<void> {
  const runs = Array.from({ length: lanes }, work);
  await Promise.allSettled(runs);
  await Promise.all(runs);
}
