import pg from 'pg';

const dialSeconds = 1;
const redialSeconds = 1;
const answerSeconds = 5;

/**
 * LISTEN and NOTIFY, on one connection of their own: a pool would hand it on to others. Connects when it is first used,
 * and anew whenever it was lost; what was sent by others meanwhile is lost, so `onNotice` is called then, too. What this
 * process could not send waits for the connection. Not through a transaction pooler, which has no LISTEN.
 */
export class Notices {
  private readonly listeners = new Map<string, () => void>();
  private readonly unsent = new Set<string>();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;
  private interrupt: () => void = () => undefined;
  private closed = false;

  constructor(private readonly url: string) {}

  /** @param channel an SQL identifier */
  listen(channel: string, onNotice: () => void): void {
    this.listeners.set(channel, onNotice);
    if (this.client) void this.subscribe(this.client, channel);
    this.running ??= this.run();
  }

  /** Outside of any transaction: one that notifies would make all others that do wait for its commit. */
  async send(channel: string): Promise<void> {
    this.running ??= this.run();
    if (!this.client) {
      this.unsent.add(channel);
      return;
    }
    await this.client
      .query({ text: `-- database.notify\nselect pg_notify($1, '')`, values: [channel] })
      .catch(() => void this.unsent.add(channel));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.interrupt();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      const client = new pg.Client({
        connectionString: this.url,
        application_name: 'notices',
        connectionTimeoutMillis: dialSeconds * 1000,
        query_timeout: answerSeconds * 1000,
        keepAlive: true,
      });
      const ended = new Promise<void>((resolve) => {
        client.on('error', () => resolve()).on('end', resolve);
        this.interrupt = resolve;
      });
      try {
        await client.connect();
        await this.serve(client, ended);
      } catch {
        // whoever waits for a notice looks by themselves, too
      }
      this.client = undefined;
      // not waited for: a server that is frozen would not answer
      client.end().catch(() => undefined);
      if (!this.closed) await this.pause();
    }
  }

  private async serve(client: pg.Client, ended: Promise<void>): Promise<void> {
    client.on('notification', ({ channel }) => this.listeners.get(channel)?.());
    for (const channel of this.listeners.keys()) await this.subscribe(client, channel);
    this.client = client;
    for (const onNotice of this.listeners.values()) onNotice();
    const unsent = [...this.unsent];
    this.unsent.clear();
    for (const channel of unsent) await this.send(channel);
    await ended;
  }

  private async subscribe(client: pg.Client, channel: string): Promise<void> {
    await client.query(`-- database.listen\nlisten ${pg.escapeIdentifier(channel)}`).catch(() => client.end());
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, redialSeconds * 1000).unref();
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
