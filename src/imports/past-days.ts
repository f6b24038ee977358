import { Injectable } from '@nestjs/common';
import { DayCloseService } from '../activity/day-close.service.js';
import { Rebuild } from '../analytics/rebuild.service.js';
import { Partitions } from '../operations/partitions.js';
import { addDays } from '../org/local-day.js';
import { RiskNight } from '../risk/risk-night.service.js';

/** The end of all that was brought in. */
@Injectable()
export class PastDays {
  constructor(
    private readonly days: DayCloseService,
    private readonly nights: RiskNight,
    private readonly partitions: Partitions,
    private readonly rebuild: Rebuild,
  ) {}

  /** Closes the days before `today`, scores the students as of the last of them and adds all days up, as the night would. */
  async end(tenantId: string, today: string): Promise<void> {
    const { signal } = new AbortController();
    const yesterday = addDays(today, -1);
    await this.partitions.ensureMonths(yesterday, today, ['risk_evaluations']);
    await this.days.close(tenantId, today, signal);
    await this.nights.score(tenantId, yesterday, signal);
    await this.rebuild.run(tenantId, undefined, signal);
  }
}
