/** Does `work` again and again, never twice at once: some seconds after it ended, or at once when woken. */
export class Loop {
  private stopped = false;
  private woken = false;
  private interrupt: () => void = () => undefined;
  private running: Promise<void> | undefined;

  /** @param work must not throw */
  constructor(
    private readonly pauseSeconds: number,
    private readonly work: () => Promise<void>,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  wake(): void {
    this.woken = true;
    this.interrupt();
  }

  /** Resolves when the work under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.interrupt();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      await this.work();
      if (!this.woken && !this.stopped) await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.pauseSeconds * 1000);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
