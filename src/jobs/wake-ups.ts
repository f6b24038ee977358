import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { Notices } from '../database/notices.js';

/** Of one process: waking others more often than this only makes them look for nothing. */
const pauseMs = 10;

/** `outbox`: events were committed. `live`: live events were published. */
export type WakeUp = 'outbox' | 'live';

interface Channels {
  listen(channel: string, wake: () => void): void;
  send(channel: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Wakes other processes that look for work: through Redis where there is one, else through PostgreSQL. It saves them the
 * time until they look by themselves, and nothing more: a wake-up may be lost, and none is waited for.
 */
@Injectable()
export class WakeUps implements OnApplicationShutdown {
  private readonly listeners = new Map<WakeUp, () => void>();
  private readonly sending = new Set<WakeUp>();
  private readonly again = new Set<WakeUp>();
  private readonly channels: Channels | undefined;
  private readonly prefix: string;
  private closed = false;

  constructor(config: Config, database: Database) {
    const { options } = database.source;
    const url = 'url' in options ? options.url : undefined;
    // a Redis may be shared by installations
    this.prefix = config.redisUrl && url ? `wake-ups:${new URL(url).pathname.slice(1)}:` : 'wake_up_';
    if (config.redisUrl) this.channels = new RedisChannels(config.redisUrl);
    else if (url && !config.database.pooler) this.channels = new Notices(url);
  }

  /** One listener for each. Also called when a wake-up may have been missed. */
  on(name: WakeUp, wake: () => void): void {
    this.listeners.set(name, wake);
    this.channels?.listen(this.prefix + name, wake);
  }

  /** This process at once, the others without being waited for; what comes in quick succession goes to them as one. */
  send(name: WakeUp): void {
    this.listeners.get(name)?.();
    if (this.sending.has(name)) this.again.add(name);
    else if (this.channels && !this.closed) void this.transmit(name, this.channels);
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.channels?.close();
  }

  private async transmit(name: WakeUp, channels: Channels): Promise<void> {
    this.sending.add(name);
    do {
      this.again.delete(name);
      await channels.send(this.prefix + name);
      await sleep(pauseMs, undefined, { ref: false });
    } while (this.again.has(name) && !this.closed);
    this.sending.delete(name);
  }
}

/** Publish and subscribe; who subscribes can send nothing else, so it takes two connections. */
class RedisChannels implements Channels {
  private readonly listeners = new Map<string, () => void>();
  private subscriber: Redis | undefined;
  private publisher: Redis | undefined;

  constructor(private readonly url: string) {}

  listen(channel: string, wake: () => void): void {
    this.listeners.set(channel, wake);
    if (this.subscriber) return void this.subscribe(this.subscriber);
    this.subscriber = this.connect();
    this.subscriber.on('ready', () => void this.subscribe(this.subscriber!));
    this.subscriber.on('message', (name) => this.listeners.get(name)?.());
  }

  async send(channel: string): Promise<void> {
    this.publisher ??= this.connect({ commandTimeout: 1_000, socketTimeout: 3_000 });
    // the first ones go once there is a connection; while Redis is away nothing is kept for it
    await this.publisher.publish(channel, '').catch(() => undefined);
  }

  close(): Promise<void> {
    this.subscriber?.disconnect();
    this.publisher?.disconnect();
    return Promise.resolve();
  }

  private async subscribe(redis: Redis): Promise<void> {
    if (redis.status !== 'ready') return;
    await redis.subscribe(...this.listeners.keys()).catch(() => undefined);
    for (const wake of this.listeners.values()) wake();
  }

  private connect(options: { commandTimeout?: number; socketTimeout?: number } = {}): Redis {
    const redis = new Redis(this.url, {
      connectTimeout: 1_000,
      keepAlive: 10_000,
      maxRetriesPerRequest: 1,
      retryStrategy: () => 500,
      ...options,
    });
    // tried again by itself, and told by what cannot do without
    redis.on('error', () => undefined);
    return redis;
  }
}
