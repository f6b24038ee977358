import pg from 'pg';

/** A named statement as it went to PostgreSQL. */
export interface Sent {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

type Query = (this: pg.Client, query: unknown, ...rest: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const { query } = client;
const listeners = new Set<(sent: Sent) => void>();

client.query = function (this: pg.Client, ...[first, ...rest]: Parameters<Query>): unknown {
  const config = typeof first === 'string' ? { text: first } : (first as { text?: string; values?: unknown[] } | null);
  const name = config?.text && /^\s*-- ([a-z]\w*\.[a-zA-Z]\w*)\n/.exec(config.text)?.[1];
  if (name) for (const listener of listeners) listener({ name, text: config.text!, values: config.values ?? [] });
  return query.call(this, first, ...rest);
};

/** Hears of each named statement that this process sends, until `end` is called. */
export function listen(listener: (sent: Sent) => void): { end: () => void } {
  listeners.add(listener);
  return { end: () => void listeners.delete(listener) };
}

/** What this process sends meanwhile, in its order, but for what wakes others: that goes by itself, at any time. */
export async function sentDuring(work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  const { end } = listen((one) => void (one.name === 'database.notify' || sent.push(one)));
  try {
    await work();
  } finally {
    end();
  }
  return sent;
}
