import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Partitions } from '../operations/partitions.js';
import type { Tenant } from '../org/tenants.repository.js';
import { type History, HistoryLoader, type Loaded } from './history-loader.js';
import { type Organisation, OrganisationImport } from './organisation-import.js';
import { PastDays } from './past-days.js';
import { ProgressBar } from './progress-bar.js';
import { type LoadedWork, type Work, WorkLoader } from './work-loader.js';

export interface Activity {
  readonly histories: AsyncIterable<History> | Iterable<History>;
  /** The first local day there may be sessions on. */
  readonly since: string;
  /** The local day that it is; there are none after it. */
  readonly today: string;
  /** How much of the histories has been read, 0–1. */
  readonly share: () => number;
  readonly work: Work;
  /** Who takes no more part after it. */
  readonly left?: readonly string[];
}

export interface Filled extends Loaded {
  readonly work: LoadedWork;
}

/** Fills a tenant from elsewhere: first who and what there is, then what was done, then the days are closed and the students scored. */
@Injectable()
export class TenantImport {
  constructor(
    private readonly config: Config,
    private readonly organisation: OrganisationImport,
    private readonly partitions: Partitions,
    private readonly histories: HistoryLoader,
    private readonly pastDays: PastDays,
    private readonly work: WorkLoader,
  ) {}

  /** May be interrupted at any time and run again: what is there stays, what is missing is added. */
  async fill(tenant: Tenant, organisation: Organisation, activity: Activity): Promise<Filled> {
    const students = organisation.people.filter(({ role }) => role === 'student').length;
    await this.partitions.ensureMonths(activity.since, activity.today);
    await this.organisation.fill(tenant.id, organisation);
    const loaded = await this.showing(`${tenant.name}: sessions`, 'sessions', (update) =>
      this.histories.load(tenant, activity.histories, (count) => update(activity.share(), count)),
    );
    const work = await this.showing(`${tenant.name}: assignments`, 'students', (update) =>
      this.work.load(tenant.id, activity.work, (count) => update(count / students, count)),
    );
    await this.organisation.settle(tenant.id, activity.left ?? []);
    await this.pastDays.end(tenant.id, activity.today);
    return { ...loaded, work };
  }

  private async showing<T>(
    label: string,
    unit: string,
    load: (update: (share: number, count: number) => void) => Promise<T>,
  ): Promise<T> {
    const bar = new ProgressBar(label, unit, this.config.logLevel === 'silent' ? null : process.stdout);
    try {
      const loaded = await load((share, count) => bar.update(share, count));
      bar.end();
      return loaded;
    } catch (error) {
      bar.abort();
      throw error;
    }
  }
}
