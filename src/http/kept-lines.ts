const most = 1_000;
const mostCharacters = 4_000_000;

/**
 * Lines of the log that are on their way into the database, as they were written. It never waits: what comes while it is
 * full is counted and gone.
 */
export class KeptLines {
  private waiting: string[] = [];
  private characters = 0;
  private lost = 0;

  /** What keeping lines leads to is not kept, or it would never end. */
  offer(line: string): void {
    if (line.includes('"statement":"system_log.')) return;
    if (this.waiting.length >= most || this.characters + line.length > mostCharacters) {
      this.lost++;
      return;
    }
    this.waiting.push(line);
    this.characters += line.length;
  }

  /** The oldest. */
  take(limit: number): string[] {
    const taken = this.waiting.splice(0, limit);
    for (const { length } of taken) this.characters -= length;
    return taken;
  }

  /** What could not be written after all; where there is no room any more, what came first is lost. */
  giveBack(lines: readonly string[]): void {
    const room = Math.max(0, most - this.waiting.length);
    const kept = lines.slice(Math.max(0, lines.length - room));
    this.lost += lines.length - kept.length;
    this.waiting.unshift(...kept);
    for (const { length } of kept) this.characters += length;
  }

  lose(lines: number): void {
    this.lost += lines;
  }

  /** How many were lost since this was asked last. */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }
}
