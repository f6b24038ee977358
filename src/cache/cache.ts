import { Logger, OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { JsonBytes, toJsonBytes } from '../http/answer.js';
import { type CacheCount, CacheCounts, type Counted } from './cache-counts.js';
import { MemoryBodies } from './memory-bodies.js';
import { SharedCache } from './shared-cache.js';
import { SingleFlight } from './single-flight.js';
import { MemoryVersions, noVersions, Versions } from './versions.js';

export interface CacheOptions {
  /** What the value is made from: `roster:<instructor id>`, `student:<id>`, `tenant:<id>`, `organisation:<tenant id>`. */
  readonly tags: readonly string[];
  /** At most 15 minutes count; ±10 % so that values stored together do not expire together. */
  readonly lifetimeSeconds: number;
  /** The tenant's local day, where the value says "today" or "this week". */
  readonly day?: string;
}

/** How long others can miss a bump that could not reach Redis is bounded by `RollCall`: see docs/adr/0003. */
const longestLifetimeSeconds = 900;
const maxEntries = 10_000;
/** Of bodies and keys; compressed forms that were asked for come on top. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Answers as ready JSON. A key carries the versions of its tags, read before the value is produced and again on every
 * hit, so a read that starts after `bump` has returned never sees what was produced before it.
 */
export class Cache implements OnApplicationShutdown {
  private readonly logger = new Logger('Cache');
  private readonly counts = new CacheCounts();
  private readonly versions: Versions;
  private readonly shared: SharedCache | undefined;
  private readonly memory = new MemoryBodies(maxEntries, maxBytes);
  private readonly flights: SingleFlight<JsonBytes>;

  constructor(
    config: Pick<Config, 'cache' | 'redisUrl' | 'http'>,
    private readonly clock: Clock,
  ) {
    if (config.cache === 'redis' && config.redisUrl) this.shared = new SharedCache(config.redisUrl);
    this.versions = this.shared ?? (config.cache === 'memory' ? new MemoryVersions() : noVersions);
    this.flights = new SingleFlight(
      config.http.requestTimeoutSeconds,
      () => new DatabaseUnavailable('the answer was not produced in time'),
    );
  }

  /** Whether hits are possible now: not when switched off, and not while Redis is bypassed. */
  get serving(): boolean {
    return this.shared ? this.shared.serving : this.versions !== noVersions;
  }

  /** How it goes in this process, and what it holds in memory now. */
  get report(): { readonly entries: number; readonly bytes: number; readonly values: CacheCount[] } {
    return { ...this.memory.size, values: this.counts.list() };
  }

  /**
   * The value of `key`, produced when it is not there. One production per key at a time; its error reaches everyone
   * who waits for it and is not kept. Not inside a transaction, and `produce` reads from the primary: both could put
   * a state into the cache that others must not see, or that is older than the versions.
   *
   * @param key names the value together with all it depends on: route, tenant, viewer's scope, query. The first word is
   *   what it is counted under
   * @throws DatabaseUnavailable when the production takes longer than a request may
   */
  async bytes(key: string, options: CacheOptions, produce: () => Promise<object>): Promise<JsonBytes> {
    const counted = this.counts.of(key);
    const versions = await this.versions.read(options.tags);
    const dailyKey = `${options.day ?? ''}\n${key}`;
    if (versions === null) {
      counted.bypasses += 1;
      return this.flights.joinNext(dailyKey, async () => toJsonBytes(await produce()));
    }
    const fullKey = `${versions}\n${dailyKey}`;
    const held = this.memory.get(fullKey, this.clock.now().getTime());
    return held ?? this.flights.join(fullKey, () => this.fill(fullKey, options.lifetimeSeconds, produce, counted));
  }

  /**
   * Makes every value with one of these tags unreachable, in every process. Called after commit and before the answer:
   * `database.afterCommit(() => cache.bump([...]))`. Never throws, and waits 100 ms at most.
   */
  async bump(tags: readonly string[]): Promise<void> {
    if (tags.length > 0) await this.versions.bump(tags);
  }

  /**
   * Forgets all values, here and in Redis, for what must be nowhere any more; other processes let go of theirs within a
   * quarter of an hour, and show none of them before. Never throws.
   */
  async forget(): Promise<void> {
    this.memory.clear();
    await this.shared?.forget();
  }

  async onApplicationShutdown(): Promise<void> {
    const report = this.report;
    if (report.values.length > 0) this.logger.log({ message: 'what the cache did', ...report });
    await this.shared?.close();
  }

  private async fill(
    fullKey: string,
    lifetimeSeconds: number,
    produce: () => Promise<object>,
    counted: Counted,
  ): Promise<JsonBytes> {
    // kept by another process as "<when it expires, in ms> <JSON>"
    const text = await this.shared?.body(fullKey);
    if (text !== undefined) {
      counted.sharedHits += 1;
      const end = text.indexOf(' ');
      const value = toJsonBytes(JSON.parse(text.slice(end + 1)) as object);
      this.memory.set(fullKey, value, Number(text.slice(0, end)));
      return value;
    }
    counted.misses += 1;
    const value = toJsonBytes(await produce());
    counted.bytes += value.body.length;
    const lifetimeMs = Math.min(lifetimeSeconds, longestLifetimeSeconds) * 1000 * (0.9 + 0.2 * Math.random());
    const expiresAt = Math.round(this.clock.now().getTime() + lifetimeMs);
    this.memory.set(fullKey, value, expiresAt);
    this.shared?.keepBody(fullKey, `${expiresAt} ${value.body.toString()}`, lifetimeMs);
    return value;
  }
}
