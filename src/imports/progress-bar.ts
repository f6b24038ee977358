import { SingleBar } from 'cli-progress';

const secondsBetweenLines = 5;

/** How far a long piece of work is: a bar on a terminal, a line every few seconds elsewhere. */
export class ProgressBar {
  private readonly started = performance.now();
  private readonly bar: SingleBar | undefined;
  private lastLine = performance.now();
  private done = 0;

  /**
   * @param label what is being done
   * @param unit what is counted for the rate, as in "sessions"
   * @param output null: says nothing
   */
  constructor(
    private readonly label: string,
    private readonly unit: string,
    private readonly output: NodeJS.WriteStream | null,
  ) {
    if (!output?.isTTY) return;
    const format = `${label} {bar} {percentage}% · {facts}`;
    this.bar = new SingleBar({ format, stream: output, hideCursor: true, barsize: 24 });
    this.bar.start(1, 0, { facts: '' });
  }

  /**
   * @param share of the whole work, 0–1
   * @param count how many are done
   */
  update(share: number, count: number): void {
    this.done = count;
    if (this.bar) return this.bar.update(share, { facts: this.facts(share) });
    if (performance.now() - this.lastLine < secondsBetweenLines * 1000) return;
    this.lastLine = performance.now();
    this.output?.write(`${this.label}: ${Math.floor(share * 100)}% · ${this.facts(share)}\n`);
  }

  /** The last line says how many there were and how long it took. */
  end(): void {
    if (this.bar) {
      this.bar.update(1, { facts: this.facts(1) });
      this.bar.stop();
    } else {
      this.output?.write(`${this.label}: ${this.facts(1)}\n`);
    }
  }

  /** Work that failed leaves the terminal as it was. */
  abort(): void {
    this.bar?.stop();
  }

  private facts(share: number): string {
    const seconds = (performance.now() - this.started) / 1000;
    const count = `${this.done.toLocaleString('en')} ${this.unit}`;
    const rate = `${Math.round(this.done / Math.max(seconds, 0.001)).toLocaleString('en')}/s`;
    if (share >= 1) return `${count} in ${seconds.toFixed(1)} s, ${rate}`;
    const left = share > 0 ? `${Math.ceil((seconds / share) * (1 - share))} s left` : 'just begun';
    return `${count}, ${rate}, ${left}`;
  }
}
