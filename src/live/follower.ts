import { Injectable, Logger } from '@nestjs/common';
import { Loop } from '../jobs/loop.js';
import { WakeUps } from '../jobs/wake-ups.js';
import type { LiveEvent } from './live-event.js';
import { LiveEventsRepository } from './live-events.repository.js';

/** In any case, woken or not. */
const lookSeconds = 1;
/** Told at one go: of the largest events still less than a stream may have in its buffer. */
const pageSize = 100;

/** Reads what is published, once and in order for all streams of this process. */
@Injectable()
export class Follower {
  private readonly logger = new Logger('LiveEvents');
  private readonly loop = new Loop(lookSeconds, () => this.read());
  private beginning: Promise<void> | undefined;
  private failing = false;
  private told: (events: readonly LiveEvent[]) => void = () => undefined;
  /** Everything up to this id has been told. */
  position = 0;

  constructor(
    private readonly events: LiveEventsRepository,
    private readonly wakeUps: WakeUps,
  ) {}

  /** Once, from now on. @param told must not throw @throws DatabaseUnavailable; then it may be tried again */
  begin(told: (events: readonly LiveEvent[]) => void): Promise<void> {
    this.beginning ??= this.start(told).catch((error: unknown) => {
      this.beginning = undefined;
      throw error;
    });
    return this.beginning;
  }

  /** Resolves when what is under way has been told. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async start(told: (events: readonly LiveEvent[]) => void): Promise<void> {
    this.position = (await this.events.findBounds()).newest;
    this.told = told;
    this.wakeUps.on('live', () => this.loop.wake());
    this.loop.start();
  }

  private async read(): Promise<void> {
    try {
      let events: LiveEvent[];
      do {
        events = await this.events.listAfter(this.position, pageSize);
        this.told(events);
        this.position = events.at(-1)?.id ?? this.position;
      } while (events.length === pageSize);
      this.failing = false;
    } catch (error) {
      // tried again every second: one line for an outage, not one for each time
      if (!this.failing) this.logger.error({ message: 'events cannot be followed now', error: String(error) });
      this.failing = true;
    }
  }
}
