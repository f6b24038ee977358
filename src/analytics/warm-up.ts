import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { ViewersService } from '../auth/viewers.service.js';
import { Cache } from '../cache/cache.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';

const longestMs = 30_000;
const cacheReadyWithinMs = 5_000;

/**
 * What a process that has just begun would make its first callers wait for: connections, plans, compiled code, and the
 * dashboards of those who were there last. One after the other, so that whoever does call hardly waits for it.
 */
@Injectable()
export class WarmUp implements BeforeApplicationShutdown {
  private readonly logger = new Logger('WarmUp');
  private stopping = false;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly cache: Cache,
    private readonly viewers: ViewersService,
    private readonly repository: DashboardRepository,
    private readonly dashboards: DashboardService,
  ) {}

  /** @returns how many dashboards were made. Never throws: nobody has asked for them yet */
  async start(): Promise<number> {
    const { warmUpDashboards: limit, cache } = this.config;
    if (limit === 0 || cache === 'off') return 0;
    const started = performance.now();
    const spent = (): number => performance.now() - started;
    let dashboards = 0;
    try {
      while (!this.cache.serving && !this.stopping && spent() < cacheReadyWithinMs) {
        await sleep(50, undefined, { ref: false });
      }
      if (!this.cache.serving) return 0;
      for (const { tenantId, userId } of await this.repository.listLikelyViewers(limit, this.clock.now())) {
        if (this.stopping || spent() > longestMs) break;
        const found = await this.viewers.find(tenantId, userId);
        if (!found) continue;
        await this.dashboards.dashboard(found.viewer);
        dashboards += 1;
      }
    } catch (error) {
      if (!this.stopping) this.logger.warn({ message: 'warming up ended early', error: String(error) });
    }
    this.logger.log({ message: 'warmed up', dashboards, durationSeconds: spent() / 1000 });
    return dashboards;
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }
}
