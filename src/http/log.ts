import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { Config } from '../config.js';
import { KeptLines } from './kept-lines.js';
import { maskFields, maskText } from './masking.js';
import { currentRequest } from './request.js';
import { memoryBytes, tracesOf } from './trace.js';

/** `kept`: what is also kept in the database by processes that do. */
export type Log = pino.Logger & { readonly kept: KeptLines };

interface LoggedError {
  readonly type: string;
  readonly message: string;
  /** Where it was thrown; without the message, which can hold anything. */
  readonly stack?: string;
  readonly code?: unknown;
  readonly cause?: LoggedError;
}

/** Chosen properties only: PostgreSQL's errors carry rows and parameters, which are people's data. */
function describe(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name: type, message, cause } = error;
  const code = (error as { code?: unknown }).code;
  const isValue = typeof code === 'string' && isDataException.test(code);
  return {
    type,
    message: isValue ? withoutValues(message) : message,
    stack: framesOf(error),
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause: cause && depth < 3 ? describe(cause, depth + 1) : undefined,
  };
}

/** Class 22 of PostgreSQL's codes: it says in quotes what it could not make a number, a day, or text of. */
const isDataException = /^22[0-9A-Z]{3}$/;
const withoutValues = (text: string): string => text.replace(/".*"/s, '"…"');

const mostFrames = 30;

/** What a message pretends to be is none of them. */
function framesOf({ stack, message }: Error): string | undefined {
  const start = stack?.indexOf(message) ?? -1;
  if (stack === undefined || start < 0) return undefined;
  const lines = stack.slice(start + message.length).split('\n');
  const frames = lines.map((line) => line.trim()).filter((line) => line.startsWith('at '));
  return frames.slice(0, mostFrames).map(maskText).join(' | ');
}

const blockSize = 64_000;
const longestDelayMs = 200;

/**
 * Collects lines and hands them on in blocks: pino's own buffering copies what it has with every line, which was a
 * quarter of the time of a cached answer. A line is on its way after 200 ms at the latest, and before the process ends.
 */
class LineBuffer implements pino.DestinationStream {
  private pending = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly output = pino.destination({ dest: 1, sync: false });

  constructor() {
    process.once('exit', () => {
      this.flush();
      this.output.flushSync();
    });
  }

  write(line: string): void {
    this.pending += line;
    if (this.pending.length >= blockSize) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), longestDelayMs).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending !== '') this.output.write(this.pending);
    this.pending = '';
  }
}

let standardOutput: LineBuffer | undefined;

const isKept = /^\{"level":"(?:warn|error|fatal)"/;

/**
 * JSON lines on standard output, those of all logs of the process in the order they were written, or on `target`. Whatever
 * they are about is masked.
 */
export function createLog(config: Config, target: pino.DestinationStream = (standardOutput ??= new LineBuffer())): Log {
  const kept = new KeptLines();
  const log = pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      // the hook has seen to it
      serializers: { err: (error: unknown) => error },
      mixin: () => {
        const request = currentRequest();
        return { category: 'process', memoryBytes: memoryBytes(), ...(request && tracesOf(request)) };
      },
      hooks: {
        logMethod([first, text], method) {
          const { err, ...fields } = (
            first instanceof Error ? { err: first } : typeof first === 'object' && first !== null ? first : {}
          ) as Record<string, unknown>;
          const message = typeof first === 'string' ? first : typeof text === 'string' ? text : undefined;
          const error = err === undefined ? {} : { err: describe(err) };
          const line = [maskFields({ ...fields, ...error })];
          method.apply(this, (message === undefined ? line : [...line, maskText(message)]) as Parameters<pino.LogFn>);
        },
        streamWrite(line) {
          if (isKept.test(line)) kept.offer(line);
          return line;
        },
      },
    },
    target,
  );
  return Object.assign(log, { kept });
}

/** What Nest says about itself while starting, one line for each module and route. */
const chatter = new Set<unknown>(['InstanceLoader', 'NestFactory', 'RoutesResolver', 'RouterExplorer']);

/** Lets Nest and everything that uses its `Logger` write to the same place. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(chatter.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    // what it could not start with: whoever starts it is thrown the same, and says so
    this.write(rest.at(-1) === 'ExceptionHandler' ? 'debug' : 'error', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes its context last, and a stack before it with errors. */
  private write(level: pino.Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.target.isLevelEnabled(level)) return;
    const last = rest.at(-1);
    const category = typeof last === 'string' ? last : undefined;
    const err = message instanceof Error ? message : rest.find((part) => part instanceof Error);
    const fields = message instanceof Error || typeof message !== 'object' ? {} : message;
    const text = message instanceof Error ? message.message : typeof message === 'object' ? undefined : String(message);
    this.target[level]({ category, err, ...fields }, text);
  }
}
