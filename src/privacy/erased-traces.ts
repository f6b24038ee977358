import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { ErasingRepository } from './erasing.repository.js';
import { patternOf, wordPatternOf } from './sought.js';

/** Of an organisation at a time: some 50 MB. */
const mostParts = 50;

export interface Traces {
  readonly ids: readonly string[];
  /** What they were called. */
  readonly sought: readonly string[];
  readonly startedAt: string;
}

/** Everything that is left of people besides their own rows, by the catalogue. */
@Injectable()
export class ErasedTraces {
  constructor(
    private readonly database: Database,
    private readonly erasing: ErasingRepository,
    private readonly cache: Cache,
  ) {}

  /** In the transaction that begins an erasure. @returns what they were called, to be looked for in texts */
  async bury(tenantId: string, ids: readonly string[], now: Date): Promise<string[]> {
    const sought = await this.erasing.listSought(tenantId, ids);
    await this.erasing.bury(tenantId, ids, now);
    await this.database.afterCommit(() => this.cache.forget());
    return sought;
  }

  /** Can be done again, and by two at once. @throws the signal's reason, between two steps */
  async erase(tenantId: string, { ids, sought, startedAt }: Traces, signal: AbortSignal): Promise<void> {
    await this.erasing.endSchedules(tenantId, ids);
    await this.erasing.clearMessages(tenantId, ids);
    const words = wordPatternOf(sought);
    if (words !== null) await this.erasing.rewriteLetters(tenantId, ids, words);
    await this.erasing.eraseRows(tenantId, ids, signal);
    const pattern = patternOf(sought);
    if (pattern !== null) await this.erasing.rewriteMentions(tenantId, pattern, signal);
    await this.erasing.closeFiles(tenantId, startedAt);
    for (let count = mostParts; count >= mostParts;) {
      signal.throwIfAborted();
      count = await this.erasing.deleteParts(tenantId, mostParts);
    }
    await this.cache.forget();
  }
}
