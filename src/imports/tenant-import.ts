import { Injectable } from '@nestjs/common';
import { DayCloseService } from '../activity/day-close.service.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Partitions } from '../operations/partitions.js';
import { localDay } from '../org/local-day.js';
import type { Tenant } from '../org/tenants.repository.js';
import { type History, HistoryLoader, type Loaded } from './history-loader.js';
import { type Organisation, OrganisationImport } from './organisation-import.js';
import { ProgressBar } from './progress-bar.js';

export interface Activity {
  readonly histories: AsyncIterable<History> | Iterable<History>;
  /** The first local day there may be sessions on. */
  readonly since: string;
  /** How much of the histories has been read, 0–1. */
  readonly share: () => number;
  /** Who takes no more part after it. */
  readonly left?: readonly string[];
}

/** Fills a tenant from elsewhere: first who and what there is, then what was done, then the days are closed. */
@Injectable()
export class TenantImport {
  constructor(
    private readonly config: Config,
    private readonly organisation: OrganisationImport,
    private readonly partitions: Partitions,
    private readonly loader: HistoryLoader,
    private readonly days: DayCloseService,
    private readonly clock: Clock,
  ) {}

  /** May be interrupted at any time and run again: what is there stays, what is missing is added. */
  async fill(tenant: Tenant, organisation: Organisation, activity: Activity): Promise<Loaded> {
    const today = localDay(tenant.timeZone, this.clock.now());
    const bar = new ProgressBar(tenant.name, 'sessions', this.config.logLevel === 'silent' ? null : process.stdout);
    try {
      await this.partitions.ensureMonths(activity.since, today);
      await this.organisation.fill(tenant.id, organisation);
      const loaded = await this.loader.load(tenant, activity.histories, (count) => bar.update(activity.share(), count));
      await this.organisation.settle(tenant.id, activity.left ?? []);
      await this.days.close(tenant.id, today, new AbortController().signal);
      bar.end();
      return loaded;
    } catch (error) {
      bar.abort();
      throw error;
    }
  }
}
