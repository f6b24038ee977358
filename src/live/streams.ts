import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Authenticators, type Verified } from '../auth/authenticators.js';
import { holds } from '../auth/permissions.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { DashboardEvents } from './dashboard-events.js';
import type { EventStream, Farewell } from './event-stream.js';
import { Follower } from './follower.js';
import type { LiveEvent } from './live-event.js';

export const mostOfViewer = 10;
const tickMs = 1_000;

/** The streams that are open in this process. */
@Injectable()
export class Streams implements BeforeApplicationShutdown {
  private readonly byTenant = new Map<string, Set<EventStream>>();
  private readonly ofViewers = new Map<string, number>();
  private readonly settings: Config['liveEvents'];
  private ticks: NodeJS.Timeout | undefined;
  private count = 0;
  private stopped = false;

  constructor(
    { liveEvents }: Config,
    private readonly clock: Clock,
    private readonly follower: Follower,
    private readonly authenticators: Authenticators,
    private readonly dashboards: DashboardEvents,
  ) {
    this.settings = liveEvents;
  }

  /** Up to where everything has been told. */
  get position(): number {
    return this.follower.position;
  }

  /**
   * Keeps a place for a stream.
   * @returns what gives it back
   * @throws Problem 429 for a viewer who has too many, 503 where there are too many in all or this process stops
   */
  reserve({ tenantId, userId }: Viewer): () => void {
    if (this.stopped) throw Problem.unavailable('service_draining');
    if (this.count >= this.settings.mostStreams) throw Problem.unavailable('streams_exhausted');
    const key = `${tenantId} ${userId}`;
    const own = this.ofViewers.get(key) ?? 0;
    if (own >= mostOfViewer) {
      const detail = `You have ${mostOfViewer} streams of events open. Close one first.`;
      throw new Problem(429, 'streams_exceeded', { detail, headers: { 'retry-after': '5' } });
    }
    this.count += 1;
    this.ofViewers.set(key, own + 1);
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      this.count -= 1;
      const left = this.ofViewers.get(key)! - 1;
      if (left > 0) this.ofViewers.set(key, left);
      else this.ofViewers.delete(key);
    };
  }

  /** Reads what is published from now on. @throws DatabaseUnavailable */
  async begin(): Promise<void> {
    await this.follower.begin((events) => this.tell(events));
    this.ticks ??= setInterval(() => this.tick(), tickMs).unref();
  }

  /** From now on it is told, kept alive, and looked after. @returns what takes it away again */
  add(stream: EventStream): () => void {
    const { tenantId } = stream.viewer;
    const streams = this.byTenant.get(tenantId) ?? new Set();
    this.byTenant.set(tenantId, streams.add(stream));
    const now = performance.now();
    stream.heartBeatAt = now + this.settings.heartBeatSeconds * 1000;
    stream.lookAt = now + this.settings.lookSeconds * 1000;
    if (this.stopped) stream.end('server_stopping');
    return () => {
      streams.delete(stream);
      if (streams.size === 0 && this.byTenant.get(tenantId) === streams) this.byTenant.delete(tenantId);
    };
  }

  /** Ends all of them, and takes no more: a server that stops would wait for them. */
  async end(): Promise<void> {
    this.stopped = true;
    clearInterval(this.ticks);
    await this.follower.stop();
    for (const stream of this.all()) stream.end('server_stopping');
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.end();
  }

  /** Who somebody is by now, with no more rosters than the credential says, as in any other read; null: nobody. */
  async recall(verified: Verified): Promise<Viewer | null> {
    const viewer = await this.authenticators.recall(verified);
    if (!viewer || !holds(viewer, 'events:read')) return null;
    const { rosters = [] } = verified.viewer;
    return { ...viewer, rosters: viewer.rosters?.filter((id) => rosters.includes(id)) };
  }

  private *all(): Generator<EventStream> {
    for (const streams of this.byTenant.values()) yield* streams;
  }

  private tell(events: readonly LiveEvent[]): void {
    for (const event of events) {
      for (const stream of this.byTenant.get(event.tenantId) ?? []) {
        stream.tell(event);
        if (stream.wantsDashboardAfter(event)) this.dashboards.ask(stream);
        if (event.kind === 'viewer' && stream.viewer.userId === event.userId) stream.isOutdated = true;
      }
    }
  }

  private tick(): void {
    const [now, time] = [performance.now(), this.clock.now().getTime()];
    for (const stream of this.all()) {
      if (now >= stream.heartBeatAt) {
        stream.heartBeatAt = now + this.settings.heartBeatSeconds * 1000;
        stream.beat(this.position);
      }
      const isLooking = stream.lookAt === Infinity;
      const isDue = stream.isOutdated || now >= stream.lookAt || time >= stream.entry.verified.expiresAt;
      if (!isLooking && isDue) {
        stream.lookAt = Infinity;
        stream.isOutdated = false;
        void this.look(stream);
      }
    }
  }

  /** Who the viewer is by now. Asked again later where nobody can say. */
  private async look(stream: EventStream): Promise<void> {
    let farewell: Farewell | null = null;
    try {
      farewell = await this.judge(stream);
    } catch {
      // a database that is away takes nobody's right
    }
    if (farewell) stream.end(farewell);
    stream.lookAt = performance.now() + this.settings.lookSeconds * 1000;
  }

  private async judge(stream: EventStream): Promise<Farewell | null> {
    const { token, verified } = stream.entry;
    if (this.clock.now().getTime() >= verified.expiresAt) {
      // an API key is believed for a minute, and then asked about
      const again = await this.authenticators.verify(token);
      if (!again) return 'token_expired';
      stream.entry = { token, verified: again };
    }
    const viewer = await this.recall(stream.entry.verified);
    if (!viewer) return 'access_lost';
    stream.viewer = viewer;
    return null;
  }
}
