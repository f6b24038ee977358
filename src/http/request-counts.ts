import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Clock } from '../database/clock.js';

/** At about 200 bytes each; beyond, the one that began first is forgotten. */
const rememberedKeys = 50_000;
const keysPerScript = 500;
const pauseMs = 10;

/** Adds what this process has counted to each key; answers with the sums and the milliseconds left of their windows. */
const addCounts = `
  local answer = {}
  for i, key in ipairs(KEYS) do
    local count = redis.call('incrby', key, ARGV[i + 1])
    local left = redis.call('pttl', key)
    if left < 0 then
      left = tonumber(ARGV[1])
      redis.call('pexpire', key, left)
    end
    answer[2 * i - 1] = count
    answer[2 * i] = left
  end
  return answer`;

export interface Counted {
  /** In this window, as far as this process knows. */
  count: number;
  /** Milliseconds since 1970. */
  endsAt: number;
}

/**
 * Requests per key in windows of a fixed length, shared with other processes through Redis where there is one. Nobody
 * waits for that: a request is judged by what this process knows, and is told to Redis in the background. So a Redis
 * that is slow, frozen or gone costs a request nothing, and what it costs the limits is that each process counts alone.
 * While it answers, processes are one round trip behind each other.
 */
export class RequestCounts {
  private readonly logger = new Logger('RateLimits');
  private readonly counts = new Map<string, Counted>();
  private unsent = new Map<string, number>();
  private readonly redis: Redis | undefined;
  private sending = false;

  constructor(
    private readonly windowMs: number,
    private readonly clock: Clock,
    redisUrl?: string,
  ) {
    if (redisUrl !== undefined) this.redis = this.connect(redisUrl);
  }

  find(key: string): Counted {
    const now = this.clock.now().getTime();
    const known = this.counts.get(key);
    if (known && known.endsAt > now) return known;
    this.counts.delete(key);
    if (this.counts.size >= rememberedKeys) this.counts.delete(this.counts.keys().next().value!);
    const fresh: Counted = { count: 0, endsAt: now + this.windowMs };
    this.counts.set(key, fresh);
    return fresh;
  }

  add(key: string, counted: Counted): void {
    counted.count += 1;
    if (!this.redis) return;
    this.unsent.set(key, (this.unsent.get(key) ?? 0) + 1);
    if (!this.sending) void this.send(this.redis);
  }

  close(): void {
    this.redis?.disconnect();
  }

  private connect(url: string): Redis {
    const redis = new Redis(url, {
      // what cannot be sent now is not worth sending later
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 1_000,
      commandTimeout: 1_000,
      socketTimeout: 3_000,
      retryStrategy: () => 500,
    });
    let isShared: boolean | undefined;
    const tell = (shared: boolean, line: string): void => {
      if (shared === isShared) return;
      isShared = shared;
      if (shared) this.logger.log(line);
      else this.logger.warn(line);
    };
    redis.on('ready', () => tell(true, 'counting together with the other processes'));
    redis.on('error', (error: Error) => tell(false, `counting in this process alone: ${error.message}`));
    return redis;
  }

  /** Until nothing is left to tell; what comes meanwhile goes together. */
  private async send(redis: Redis): Promise<void> {
    this.sending = true;
    while (this.unsent.size > 0) {
      const all = [...this.unsent];
      this.unsent = new Map(all.slice(keysPerScript));
      await this.exchange(redis, all.slice(0, keysPerScript));
      await sleep(pauseMs, undefined, { ref: false });
    }
    this.sending = false;
  }

  private async exchange(redis: Redis, batch: readonly (readonly [string, number])[]): Promise<void> {
    const keys = batch.map(([key]) => `rate:${key}`);
    const additions = batch.map(([, count]) => count);
    let answer: number[];
    try {
      answer = (await redis.eval(addCounts, keys.length, ...keys, this.windowMs, ...additions)) as number[];
    } catch {
      return; // told by the connection; this process has counted them
    }
    const now = this.clock.now().getTime();
    batch.forEach(([key], index) => {
      const count = answer[2 * index]! + (this.unsent.get(key) ?? 0);
      this.counts.set(key, { count, endsAt: now + answer[2 * index + 1]! });
    });
  }
}
