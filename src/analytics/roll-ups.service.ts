import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { addDays, localDay } from '../org/local-day.js';
import type { Tenant } from '../org/tenants.repository.js';
import type { Period } from './analytics-scope.js';
import { type Cell, RollUpsRepository, type Stale } from './roll-ups.repository.js';

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

/**
 * Adds up what sessions come to per day, where that is marked as stale. Whoever takes a mark has its day or student to
 * themselves until the transaction ends: a new mark of the same waits for that, and stands for what came after.
 */
@Injectable()
export class RollUps {
  constructor(
    private readonly database: Database,
    private readonly rollUps: RollUpsRepository,
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
      const taken: string[] = await this.refreshChunk(tenantId, after);
      count += taken.length;
      after = taken.at(-1);
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
      const taken: Cell[] = await this.addUpChunk(tenantId, after);
      const instructors = new Set(taken.map(({ instructorId }) => `roster:${instructorId}`));
      if (taken.length > 0) await this.cache.bump([`tenant:${tenantId}`, ...instructors]);
      count += taken.length;
      after = taken.at(-1);
      onChunk?.(taken.length);
    }
    return count;
  }

  /** After a commit: sessions of these students on these days have come in, changed or gone. */
  async markSessions(tenantId: string, studentIds: readonly string[], days: readonly string[]): Promise<void> {
    const now = this.clock.now();
    // students first, as where they are taken
    await this.database.transaction(async () => {
      await this.rollUps.markStudents(tenantId, studentIds, now);
      await this.rollUps.markSnapshots(tenantId, studentIds, days, now);
    });
  }

  /** All cells of the days of a period, in short transactions. @returns how many were not marked before */
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
  recountable({ timeZone, snapshotRetentionDays, analyticsRetentionDays }: Tenant): Period {
    const today = localDay(timeZone, this.clock.now());
    return { from: addDays(today, -Math.min(snapshotRetentionDays, analyticsRetentionDays)), to: today };
  }

  countStale(tenantId: string): Promise<Stale> {
    return this.rollUps.countStale(tenantId);
  }

  private refreshChunk(tenantId: string, after: string): Promise<string[]> {
    return this.database.transaction(async () => {
      const studentIds = await this.rollUps.takeStudents(tenantId, after, chunkStudents);
      if (studentIds.length > 0) await this.rollUps.refreshStudents(tenantId, studentIds, this.clock.now());
      return studentIds;
    });
  }

  private addUpChunk(tenantId: string, after: Cell | null): Promise<Cell[]> {
    return this.database.transaction(async () => {
      const cells = await this.rollUps.takeCells(tenantId, after, chunkCells, chunkSessions);
      if (cells.length > 0) {
        await this.rollUps.rollUpModules(tenantId, cells);
        await this.rollUps.rollUpHours(tenantId, cells);
        await this.rollUps.rollUpQuestions(tenantId, cells);
      }
      return cells;
    });
  }
}
