import { Injectable } from '@nestjs/common';
import { refreshViews } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { ViewsService } from './views.service.js';

@Injectable()
export class ViewsJobs {
  constructor(private readonly views: ViewsService) {}

  /** @throws Error naming the views that could not be refreshed, so that it is tried again */
  @Handles(refreshViews)
  async refreshViews({ signal }: Run): Promise<Outcome> {
    const refreshes = await this.views.refresh(signal);
    if (refreshes === null) return { isUnderWay: true };
    const failed = refreshes.filter(({ status }) => status === 'failed').map(({ view }) => view);
    if (failed.length > 0) throw new Error(`could not refresh ${failed.join(', ')}`);
    return Object.fromEntries(refreshes.map(({ view, durationSeconds }) => [view, durationSeconds]));
  }
}
