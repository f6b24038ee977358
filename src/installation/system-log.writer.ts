import { hostname } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { DatabaseUnavailable } from '../database/errors.js';
import { isId } from '../http/fields.js';
import type { Log } from '../http/log.js';
import { Loop } from '../jobs/loop.js';
import { maskError } from './masked-error.js';
import { type KeptLine, SystemLogsRepository } from './system-logs.repository.js';

const pauseSeconds = 1;
const batchSize = 200;

interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly code?: unknown;
  readonly cause?: LoggedError;
}

/**
 * Takes warnings and errors from the log to the database, behind whoever writes them. While the database does not answer
 * they wait, and what finds no room is counted; it is silent about its own failures, of which it would have to tell itself.
 */
@Injectable()
export class SystemLogWriter implements OnApplicationShutdown {
  private readonly loop = new Loop(pauseSeconds, () => this.write());
  private readonly host = hostname();
  private log: Log | undefined;
  /** After a failure lines go in alone, so that one that cannot be written holds up no other. */
  private isCareful = false;

  constructor(private readonly repository: SystemLogsRepository) {}

  follow(log: Log): void {
    this.log = log;
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    await this.write();
  }

  /** Everything that waits, unless the database refuses. */
  private async write(): Promise<void> {
    if (!this.log) return;
    const { kept } = this.log;
    for (;;) {
      const lines = kept.take(this.isCareful ? 1 : batchSize);
      if (lines.length === 0) break;
      try {
        await this.repository.insert(this.host, lines.map(toRow));
        this.isCareful = false;
      } catch (error) {
        // one by one the next time; and one that is refused by itself would be for ever
        if (this.isCareful && !(error instanceof DatabaseUnavailable)) kept.lose(lines.length);
        else kept.giveBack(lines);
        this.isCareful = true;
        return;
      }
    }
    const lines = kept.takeLost();
    if (lines > 0) this.log.warn({ category: 'SystemLog', lines }, 'lines of the log were not kept');
  }
}

function toRow(line: string): KeptLine {
  const { level, time, category, msg, err, code, requestId, traceId, tenantId, durationSeconds, memoryBytes, ...rest } =
    named(JSON.parse(line) as Record<string, unknown>);
  const error = err as LoggedError | undefined;
  // what failed says why, and whom it was about
  const details = typeof rest.error === 'string' ? { ...rest, error: maskError(rest.error) } : rest;
  return {
    id: uuidv7({ msecs: Date.parse(time as string) }),
    at: time as string,
    level: level as string,
    category: String(category),
    message: typeof msg === 'string' && msg !== error?.message ? msg : (error?.type ?? ''),
    code: textOf(error?.code ?? error?.cause?.code ?? code),
    error: error ? reasonOf(error) : null,
    stack: error?.stack ?? null,
    details,
    request_id: textOf(requestId),
    trace_id: textOf(traceId),
    tenant_id: isId(tenantId) ? (tenantId as string) : null,
    duration_seconds: typeof durationSeconds === 'number' ? durationSeconds : null,
    memory_bytes: typeof memoryBytes === 'number' ? memoryBytes : null,
  };
}

/** What is written by way of Nest calls it a message. */
function named({ message, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return { msg: message, ...rest };
}

/** With what it came from, and without what could be of somebody. */
function reasonOf({ type, message = '', cause }: LoggedError): string {
  const own = `${type}: ${maskError(message)}`;
  return cause ? `${own} ← ${reasonOf(cause)}` : own;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
