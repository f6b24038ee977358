import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Cell, RollUpsRepository } from './roll-ups.repository.js';

const chunkStudents = 500;
const chunkCells = 10;

export interface RolledUp {
  /** Whose modules were looked at. */
  readonly students: number;
  /** Days of an instructor and a department that were added up. */
  readonly cells: number;
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
   * Adds up everything that is stale, the newest days first, in short transactions. Days that become stale again
   * meanwhile are left to the next time, and those that another process has taken are its own.
   * @param most chunks that this takes at one go
   * @throws the signal's reason, between two transactions
   */
  async rollUp(tenantId: string, signal: AbortSignal, most = Infinity): Promise<RolledUp> {
    let [students, cells] = [0, 0];
    for (let after: string | undefined = NIL; after !== undefined;) {
      signal.throwIfAborted();
      const taken: string[] = await this.rollUpStudents(tenantId, after);
      students += taken.length;
      after = taken.at(-1);
    }
    let last: Cell | null | undefined = null;
    for (let chunk = 0; last !== undefined && chunk < most; chunk++) {
      signal.throwIfAborted();
      const taken: Cell[] = await this.rollUpCells(tenantId, last);
      const instructors = new Set(taken.map(({ instructorId }) => `roster:${instructorId}`));
      if (taken.length > 0) await this.cache.bump([`tenant:${tenantId}`, ...instructors]);
      cells += taken.length;
      last = taken.at(-1);
    }
    return { students, cells };
  }

  /** After a commit: sessions of these students on these days have come in, changed or gone. */
  async markSessions(tenantId: string, studentIds: readonly string[], days: readonly string[]): Promise<void> {
    await this.rollUps.markSessions(tenantId, studentIds, days, this.clock.now());
  }

  /** All cells of the days of `[from, to]`. @returns how many were not marked before */
  markDays(tenantId: string, from: string, to: string): Promise<number> {
    return this.rollUps.markDays(tenantId, from, to, this.clock.now());
  }

  private rollUpStudents(tenantId: string, after: string): Promise<string[]> {
    return this.database.transaction(async () => {
      const studentIds = await this.rollUps.takeStudents(tenantId, after, chunkStudents);
      if (studentIds.length > 0) await this.rollUps.refreshStudents(tenantId, studentIds, this.clock.now());
      return studentIds;
    });
  }

  private rollUpCells(tenantId: string, after: Cell | null): Promise<Cell[]> {
    return this.database.transaction(async () => {
      const cells = await this.rollUps.takeCells(tenantId, after, chunkCells);
      if (cells.length > 0) {
        await this.rollUps.rollUpModules(tenantId, cells);
        await this.rollUps.rollUpHours(tenantId, cells);
        await this.rollUps.rollUpQuestions(tenantId, cells);
      }
      return cells;
    });
  }
}
