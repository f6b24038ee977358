import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { addDays, localDay } from '../org/local-day.js';
import { historyDays, type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import type { Period } from './analytics-scope.js';
import { type Cell, type CellMark, RollUpsRepository, type Stale, type StudentMark } from './roll-ups.repository.js';

const chunkStudents = 200;
const chunkCells = 10;
/** Measured: 0.1 s of each of three statements. */
const chunkSessions = 10_000;
const chunkMarks = 10_000;
const chunkDays = 30;

interface Sweep {
  /** Chunks that it takes at one go; all unless told. */
  readonly most?: number;
  /** Told after each chunk how many there were in it. */
  readonly onChunk?: (count: number) => void;
}

/** What of the marks that were found next was this transaction's to add up. */
interface Chunk<Mark> {
  readonly taken: readonly Mark[];
  /** Where to go on; undefined: there are no more. */
  readonly last: Mark | undefined;
}

/**
 * Adds up what sessions come to per day, where that is marked as stale. The mark goes last, and only if it is still the
 * one that was found, so that what comes in meanwhile neither waits nor is forgotten.
 */
@Injectable()
export class RollUps {
  constructor(
    private readonly database: Database,
    private readonly rollUps: RollUpsRepository,
    private readonly tenants: TenantsRepository,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds up everything that is stale, the newest days first, in short transactions. What becomes stale again meanwhile
   * is left to the next time, and what another process has taken to that one.
   * @param most chunks of cells that it takes at one go
   * @returns how many students and cells (days of an instructor and a department) were looked at
   * @throws the signal's reason, between two transactions
   */
  async rollUp(tenantId: string, signal: AbortSignal, most = Infinity): Promise<Stale> {
    const students = await this.rollUpStudents(tenantId, signal);
    return { students, cells: await this.rollUpCells(tenantId, signal, { most }) };
  }

  /** The first half: which modules students have worked on, and since when, which marks further days. */
  async rollUpStudents(tenantId: string, signal: AbortSignal, onChunk?: (count: number) => void): Promise<number> {
    let count = 0;
    for (let after: string | undefined = NIL; after !== undefined;) {
      signal.throwIfAborted();
      const { taken, last }: Chunk<StudentMark> = await this.refreshChunk(tenantId, after);
      count += taken.length;
      after = last?.studentId;
      onChunk?.(taken.length);
    }
    return count;
  }

  /** The second half: the days. */
  async rollUpCells(tenantId: string, signal: AbortSignal, { most = Infinity, onChunk }: Sweep = {}): Promise<number> {
    let count = 0;
    let after: Cell | null | undefined = null;
    for (let chunk = 0; after !== undefined && chunk < most; chunk++) {
      signal.throwIfAborted();
      const { taken, last }: Chunk<CellMark> = await this.addUpChunk(tenantId, after);
      const instructors = new Set(taken.map(({ instructorId }) => `roster:${instructorId}`));
      if (taken.length > 0) await this.cache.bump([`tenant:${tenantId}`, ...instructors]);
      count += taken.length;
      after = last;
      onChunk?.(taken.length);
    }
    return count;
  }

  /** All cells of the days of a period, in short transactions. @returns how many */
  async markDays(tenantId: string, { from, to }: Period, signal: AbortSignal): Promise<number> {
    let marked = 0;
    for (let day = from; day <= to; day = addDays(day, chunkDays)) {
      signal.throwIfAborted();
      const last = addDays(day, chunkDays - 1);
      marked += await this.rollUps.markDays(tenantId, day, last < to ? last : to, this.clock.now());
    }
    return marked;
  }

  async markStudents(tenantId: string, signal: AbortSignal): Promise<void> {
    for (let after: string | null = NIL; after !== null;) {
      signal.throwIfAborted();
      after = await this.rollUps.markNextStudents(tenantId, after, chunkMarks, this.clock.now());
    }
  }

  /** Days whose sessions are still there: what is added up anew beyond them would come to nothing. */
  recountable(tenant: Tenant): Period {
    const now = this.clock.now();
    const today = localDay(tenant.timeZone, now);
    return { from: addDays(today, -Math.min(historyDays(tenant, now), tenant.analyticsRetentionDays)), to: today };
  }

  countStale(tenantId: string): Promise<Stale> {
    return this.rollUps.countStale(tenantId);
  }

  private refreshChunk(tenantId: string, after: string): Promise<Chunk<StudentMark>> {
    return this.database.transaction(async () => {
      const found = await this.rollUps.takeUpStudents(tenantId, after, chunkStudents);
      const taken = found.filter(({ isFree }) => isFree);
      if (taken.length > 0) {
        const studentIds = taken.map(({ studentId }) => studentId);
        await this.rollUps.refreshStudents(tenantId, studentIds, this.clock.now());
        await this.rollUps.unmarkStudents(tenantId, taken);
      }
      return { taken, last: found.at(-1) };
    });
  }

  private addUpChunk(tenantId: string, after: Cell | null): Promise<Chunk<CellMark>> {
    return this.database.transaction(async () => {
      const found = await this.rollUps.takeUpCells(tenantId, after, chunkCells, chunkSessions);
      const taken = found.filter(({ isFree }) => isFree);
      if (taken.length > 0) {
        // of a day whose sessions are gone there is nothing left to add up, and what was added up stays
        const { historyFrom } = (await this.tenants.find(tenantId))!;
        const kept = historyFrom === null ? taken : taken.filter(({ day }) => day >= historyFrom);
        if (kept.length > 0) {
          await this.rollUps.rollUpModules(tenantId, kept);
          await this.rollUps.rollUpHours(tenantId, kept);
          await this.rollUps.rollUpQuestions(tenantId, kept);
        }
        await this.rollUps.unmarkCells(tenantId, taken);
      }
      return { taken, last: found.at(-1) };
    });
  }
}
