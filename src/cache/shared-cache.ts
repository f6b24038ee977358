import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis, { createClient } from '@keyv/redis';
import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { withDeadline } from './deadline.js';
import { RollCall } from './roll-call.js';
import { Versions } from './versions.js';

const answerWithinMs = 100;
const failuresBeforeBypass = 3;
const retryMs = 100;
/** Longer than processes that lost Redis together take to find it again. */
const settleMs = 1_000;
/** Longer than any value lives. A version that is gone is replaced by a new one, so this only tidies. */
const versionLifetimeSeconds = 86_400;
const epochKey = 'cache:epoch';
const bodyNamespace = 'cache:body';

const versionKey = (tag: string): string => `cache:version:${tag}`;
/** Random and not counted: a version lost to FLUSHALL or eviction cannot come back with an old value. */
const token = (): string => randomBytes(9).toString('base64url');

/**
 * What the processes share in Redis: the versions of the tags, an epoch that is part of every set of versions, and
 * the bodies of values.
 *
 * Redis is only trusted while it answers within 100 ms. After a lost connection, a bump that did not get through or
 * three reads that were not answered it is bypassed: `read` says null, nothing is waited for. It is used again once
 * this process has replaced the epoch, which makes every value unreachable that was stored before: whatever this
 * process failed to announce, and whatever a restarted Redis may have forgotten. A starting process begins that way.
 *
 * After an outage bumps go through at once, and reads a second later: the others, who lost Redis as well, are back by
 * then and announce what they write. What a process that was killed or stays cut off did not announce is made good by the others: see `RollCall`.
 */
export class SharedCache implements Versions {
  private readonly logger = new Logger('Cache');
  private readonly client: ReturnType<typeof createRedis>;
  private readonly bodies: ReturnType<typeof createCache>;
  private readonly rollCall: RollCall;
  private readonly rollCalls: NodeJS.Timeout;
  /** Undefined until Redis has answered or failed for the first time. */
  private up: boolean | undefined;
  /** Whether bumps get through; before `up`, so that others may rely on it. */
  private announcing = false;
  private closed = false;
  private recovering = false;
  private failures = 0;
  private missedBumps = 0;

  constructor(url: string, rollCallMs = 20_000) {
    this.client = createRedis(url);
    this.client.on('error', (error: Error) => this.bypass(error));
    const keyv = new Keyv(new KeyvRedis(this.client), {
      namespace: bodyNamespace,
      useKeyPrefix: false,
      // bodies are text already, and Redis itself lets them expire
      serialize: ({ value }) => String(value),
      deserialize: <Value>(text: string) => ({ value: text as Value }),
    });
    this.bodies = createCache({ stores: [keyv] });
    this.rollCall = new RollCall(this.client, token());
    this.rollCalls = setInterval(() => void this.answerRollCall(), rollCallMs).unref();
    this.client.connect().catch((error: Error) => this.logger.error(`the cache cannot connect: ${error.message}`));
    void this.recover();
  }

  /** Whether values are answered from the cache now. */
  get serving(): boolean {
    return this.up === true;
  }

  async read(tags: readonly string[]): Promise<string | null> {
    if (!this.up) return null;
    const keys = [epochKey, ...tags.map(versionKey)];
    try {
      let versions = await this.inTime(this.client.mGet(keys));
      if (versions.includes(null)) versions = await this.inTime(this.createMissing(keys, versions));
      this.failures = 0;
      return versions.includes(null) ? null : versions.join('.');
    } catch (error) {
      this.failures += 1;
      if (this.failures >= failuresBeforeBypass) this.bypass(error);
      return null;
    }
  }

  async bump(tags: readonly string[]): Promise<void> {
    let failure: unknown = new Error('not connected yet');
    if (this.client.isReady) {
      // deleting instead of setting: a Redis that is full refuses to set. The next reader makes the new version
      const deleted = this.inTime(this.client.del(tags.map(versionKey)));
      try {
        if (this.announcing) {
          await deleted;
          return;
        }
        // not waited for: it may be frozen for this process alone, and others read what they can
        deleted.catch(() => undefined);
      } catch (error) {
        failure = error;
      }
    }
    this.missedBumps += 1;
    this.bypass(failure);
  }

  /** @param key any text; Redis sees its hash, so that no search term or name shows there */
  async body(key: string): Promise<string | undefined> {
    if (!this.up) return undefined;
    return this.inTime(this.bodies.get<string>(hash(key))).catch(() => undefined);
  }

  /** In the background: nobody waits, and a body that is not kept is only produced again. */
  keepBody(key: string, text: string, lifetimeMs: number): void {
    if (!this.up) return;
    this.bodies.set(hash(key), text, Math.ceil(lifetimeMs)).catch(() => undefined);
  }

  /** All bodies of all processes; what cannot be reached now expires within a quarter of an hour. Never throws. */
  async forget(): Promise<void> {
    if (!this.client.isReady) return;
    try {
      await this.renewEpoch();
      for await (const keys of this.client.scanIterator({ MATCH: `${bodyNamespace}*`, COUNT: 1_000 })) {
        if (keys.length > 0) await this.client.unlink(keys);
      }
    } catch (error) {
      this.logger.warn(`values that should be forgotten wait for their end: ${String(error)}`);
    }
  }

  /** Commands under way are given up; by then nobody waits for them. */
  async close(): Promise<void> {
    clearInterval(this.rollCalls);
    const leaving = this.up ? this.inTime(this.rollCall.leave()) : undefined;
    this.closed = true;
    this.up = false;
    await leaving?.catch(() => undefined);
    if (this.client.isOpen) this.client.destroy();
  }

  private async createMissing(keys: string[], versions: readonly (string | null)[]): Promise<(string | null)[]> {
    const commands = this.client.multi();
    keys.forEach((key, index) => {
      if (versions[index] !== null) return;
      // only if still missing: another process may create it, or a writer bump it, in between
      commands.set(key, token(), {
        condition: 'NX',
        expiration: { type: 'EX', value: versionLifetimeSeconds },
      });
    });
    const replies = await commands.mGet(keys).exec();
    return replies.at(-1) as unknown as (string | null)[];
  }

  private async answerRollCall(): Promise<void> {
    if (!this.up) return;
    try {
      if (!(await this.rollCall.answer(Date.now()))) return;
      await this.renewEpoch();
      this.logger.warn('a process is gone without a word: what was cached is produced anew');
    } catch {
      // a Redis that is full refuses, and still takes bumps; one that is away is noticed by who needs it
    }
  }

  private bypass(reason: unknown): void {
    if (this.closed) return;
    this.announcing = false;
    if (this.up !== false) {
      this.up = false;
      this.logger.warn(`bypassing the cache: ${reason instanceof Error ? reason.message : String(reason)}`);
    }
    void this.recover();
  }

  /**
   * Tries to replace the epoch until Redis answers in time. A frozen Redis is left with one such attempt unanswered,
   * which is among the first things it does when it wakes: only what another process asked in the last 100 ms before that
   * can be answered earlier.
   */
  private async recover(): Promise<void> {
    if (this.recovering) return;
    this.recovering = true;
    // while Redis was there all the time, so were the others
    let settled = this.up === undefined;
    while (!this.closed) {
      const missedBefore = this.missedBumps;
      const started = performance.now();
      const renewed = await this.renewEpoch();
      // a bump missed since the command was sent may be of a write that the new epoch did not see
      if (renewed && missedBefore === this.missedBumps && performance.now() - started < answerWithinMs) {
        this.announcing = true;
        if (!settled) {
          settled = true;
          await sleep(settleMs, undefined, { ref: false });
          continue;
        }
        this.failures = 0;
        this.up = true;
        this.logger.log('the cache is in use');
        void this.answerRollCall();
        break;
      }
      settled = false;
      await sleep(retryMs, undefined, { ref: false });
    }
    this.recovering = false;
  }

  private async renewEpoch(): Promise<boolean> {
    // a Redis that is full only does the first; then nobody has an epoch, and that is right as well
    const renewal = [this.client.del(epochKey), this.client.set(epochKey, token())];
    return (await Promise.allSettled(renewal)).every(({ status }) => status === 'fulfilled');
  }

  private inTime<T>(answer: Promise<T>): Promise<T> {
    return withDeadline(answer, answerWithinMs, () => new Error(`Redis did not answer within ${answerWithinMs} ms`));
  }
}

function createRedis(url: string) {
  return createClient({
    url,
    // what cannot be sent now fails now
    disableOfflineQueue: true,
    // an idle process, too, notices within seconds that Redis is frozen or unreachable
    pingInterval: 1_000,
    socket: { connectTimeout: 1_000, socketTimeout: 3_000, reconnectStrategy: () => 100 + Math.random() * 200 },
  });
}

const hash = (key: string): string => createHash('sha256').update(key).digest('base64url');
