import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CronTime } from 'cron';
import { Clock } from '../database/clock.js';
import type { JobDefinition } from './job.js';
import { Outbox } from './outbox.js';
import { RunsRepository } from './runs.repository.js';

const hour = 3_600_000;
const windows = [hour, 24 * hour, 8 * 24 * hour, 32 * 24 * hour, 367 * 24 * hour];

/**
 * Makes jobs due when their time has come. Every replica looks every second, and the one that is first to write a tick
 * down starts the job; a tick that could not be written is tried again. The last tick that all replicas slept through
 * is made up for when one starts.
 */
@Injectable()
export class Schedules {
  private readonly logger = new Logger('Schedules');
  /** When to look again, by job. */
  private readonly next = new Map<string, Date>();
  private jobs: readonly JobDefinition[] = [];
  private checking: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly runs: RunsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  start(jobs: readonly JobDefinition[]): void {
    this.jobs = jobs.filter(({ schedule }) => schedule);
  }

  /** Resolves when the ticks under way are written down. */
  async stop(): Promise<void> {
    this.jobs = [];
    await this.checking;
  }

  @Interval('jobs.schedules', 1_000)
  async check(): Promise<void> {
    this.checking ??= this.claimDue().finally(() => (this.checking = undefined));
    await this.checking;
  }

  private async claimDue(): Promise<void> {
    try {
      for (const job of this.jobs) await this.claim(job);
      this.failing = false;
    } catch (error) {
      // tried again every second: one line for an outage, not one for each time
      if (!this.failing) this.logger.error({ message: 'ticks cannot be written now', error: String(error) });
      this.failing = true;
    }
  }

  private async claim({ name, schedule }: JobDefinition): Promise<void> {
    const now = this.clock.now();
    const next = this.next.get(name);
    if (!schedule || (next && now < next)) return;
    const due = latestTick(schedule.cron, now);
    if (due && (await this.runs.claimTick(name, occasionOf(due), due, now, next === undefined))) {
      this.outbox.announce();
    }
    this.next.set(name, nextTick(new CronTime(schedule.cron, 'UTC'), now));
  }
}

/** The last instant, up to and with `now`, at which `cron` (in UTC) is due; null when there was none for a year. */
export function latestTick(cron: string, now: Date): Date | null {
  const time = new CronTime(cron, 'UTC');
  for (const window of windows) {
    let tick = nextTick(time, new Date(now.getTime() - window));
    if (tick > now) continue;
    for (let later = nextTick(time, tick); later <= now; later = nextTick(time, tick)) tick = later;
    return tick;
  }
  return null;
}

function nextTick(time: CronTime, after: Date): Date {
  return time.getNextDateFrom(after, 'UTC').toJSDate();
}

/** `tick-20261121T001700Z`: job ids may not hold a colon. */
function occasionOf(tick: Date): string {
  return `tick-${tick.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}
