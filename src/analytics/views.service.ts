import { Injectable, Logger } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { maskError } from '../installation/masked-error.js';
import { Outbox } from '../jobs/outbox.js';
import { type ViewAge, type ViewResponse } from './views.dto.js';
import { staleAfterSeconds, type ViewName, views } from './views.js';
import { type Refresh, ViewsRepository } from './views.repository.js';

const longestStatementSeconds = 120;
const refreshesKeptSeconds = 30 * 86_400;

/** Materialised views: when they are refreshed, and how old they are. */
@Injectable()
export class ViewsService {
  private readonly logger = new Logger('Views');

  constructor(
    private readonly repository: ViewsRepository,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
  ) {}

  /**
   * Refreshes all views in one transaction: they are of one moment and one state, a process that is killed leaves all
   * of them as they were, and its lock goes with it. A view that fails keeps what it had, and so do those made from it.
   * @returns what came of each; null when another refresh is under way
   * @throws the signal's reason, between two views, which leaves all as they were
   */
  refresh(signal: AbortSignal): Promise<Refresh[] | null> {
    const work = async (): Promise<Refresh[] | null> => {
      const now = this.clock.now();
      if (!(await this.repository.lock())) return null;
      await this.repository.setMoment(now);
      const done: Refresh[] = [];
      for (const { name, dependsOn } of views) {
        signal.throwIfAborted();
        const missing = done.filter(({ view, status }) => dependsOn.includes(view) && status !== 'refreshed');
        done.push(missing.length > 0 ? skipped(name, missing) : await this.refreshOne(name));
      }
      await this.repository.insertRefreshes(done, now);
      await this.repository.deleteRefreshes(new Date(now.getTime() - refreshesKeptSeconds * 1000));
      return done;
    };
    return this.database.transaction(work, {
      isolation: 'repeatable read',
      statementSeconds: longestStatementSeconds,
    });
  }

  /** For the next worker that is free; what is under way is finished first. */
  ask(viewer: Viewer): Promise<void> {
    return this.database.transaction(async () => {
      await this.outbox.append(null, 'analytics.views-asked-for', '', {});
      await this.audit.record(viewer, { action: 'views.refreshed', targetType: 'view' });
    });
  }

  async list(): Promise<ViewResponse[]> {
    const standings = await this.repository.listStandings(views.map(({ name }) => name));
    return standings.map(({ view, ...standing }): ViewResponse => {
      const { dependsOn } = views.find(({ name }) => name === view)!;
      const { ageSeconds, isStale } = this.ageOf(standing.lastRefreshedAt);
      return { name: view, dependsOn, ...standing, ageSeconds, isStale };
    });
  }

  /** To be asked before the view is read. */
  async age(view: ViewName): Promise<ViewAge> {
    return this.ageOf(await this.repository.findMoment(view));
  }

  private async refreshOne(view: ViewName): Promise<Refresh> {
    const started = performance.now();
    const { rows, code, error } = await this.repository.refresh(view);
    const durationSeconds = Math.round(performance.now() - started) / 1000;
    if (code === null) return { view, status: 'refreshed', durationSeconds, rows, error: null };
    const shown = `${code}: ${maskError(error ?? '')}`;
    this.logger.warn({ message: 'a view could not be refreshed', view, error: shown });
    return { view, status: 'failed', durationSeconds, rows: null, error: shown };
  }

  private ageOf(asOf: string | null): ViewAge {
    if (asOf === null) return { asOf, ageSeconds: null, isStale: true };
    const ageSeconds = Math.max(0, Math.round((this.clock.now().getTime() - Date.parse(asOf)) / 1000));
    return { asOf, ageSeconds, isStale: ageSeconds > staleAfterSeconds };
  }
}

function skipped(view: ViewName, missing: readonly Refresh[]): Refresh {
  const error = `not without ${missing.map((one) => one.view).join(', ')}`;
  return { view, status: 'skipped', durationSeconds: 0, rows: null, error };
}
