import { withDeadline } from './deadline.js';

/** One production per key at a time; whoever comes meanwhile shares its result or its error. */
export class SingleFlight<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly next = new Map<string, Promise<T>>();

  /** @param late what those who wait are told when a production takes longer than `deadlineSeconds` */
  constructor(
    private readonly deadlineSeconds: number,
    private readonly late: () => Error,
  ) {}

  /** Joins the running production. Right where the key changes with the data. */
  join(key: string, produce: () => Promise<T>): Promise<T> {
    return this.running.get(key) ?? this.start(key, produce);
  }

  /**
   * Joins only a production that has not begun: one that runs may have read before the caller's own last write.
   * Right where the key does not change with the data.
   */
  joinNext(key: string, produce: () => Promise<T>): Promise<T> {
    const waiting = this.next.get(key);
    if (waiting) return waiting;
    const running = this.running.get(key);
    if (!running) return this.start(key, produce);
    const start = () => {
      this.next.delete(key);
      return this.start(key, produce);
    };
    const next = running.then(start, start);
    this.next.set(key, next);
    return next;
  }

  private start(key: string, produce: () => Promise<T>): Promise<T> {
    const flight = withDeadline(produce(), this.deadlineSeconds * 1000, this.late).finally(() => {
      this.running.delete(key);
    });
    this.running.set(key, flight);
    return flight;
  }
}
