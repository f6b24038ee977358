import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import { Config } from '../config.js';
import { Problem } from '../http/problem.js';

/** However many sign in at the same time, the rest of the server keeps its cores, and its thread pool two threads. */
const atOnce = 2;
/** Shorter than a request's deadline, so that the answer says what the matter is. */
const longestWaitSeconds = 3;

interface Waiting {
  readonly begin: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Hashes passwords and compares them, outside the event loop and few at a time. */
@Injectable()
export class Passwords {
  private running = 0;
  /** In the order they came. */
  private readonly waiting = new Set<Waiting>();
  /** What the password of nobody is compared with, so that nobody takes as long as somebody. */
  private nobody: string | undefined;
  private readonly argon2: Options;

  /** By default what the OWASP Password Storage Cheat Sheet asks for: 19 MiB, two passes; about 25 ms of one core. */
  constructor({ auth: { argon2 } }: Config) {
    this.argon2 = { algorithm: 2, memoryCost: argon2.memoryKib, timeCost: argon2.passes, parallelism: 1 };
  }

  async onModuleInit(): Promise<void> {
    this.nobody = await this.hash(randomUUID());
  }

  /** @returns a PHC string, with parameters and salt */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, this.argon2));
  }

  /**
   * @param hashed null: there is no such account, or it has no password; costs the same and is false
   * @throws Problem 503 when too many others are waiting
   */
  async matches(hashed: string | null, password: string): Promise<boolean> {
    const same = await this.inTurn(() => verify(hashed ?? this.nobody!, password));
    return same && hashed !== null;
  }

  /** Whether it was made with other parameters than are configured now. */
  isOutdated(hashed: string): boolean {
    const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(hashed);
    const wanted = this.argon2;
    return (
      algorithm !== wanted.algorithm ||
      memoryCost !== wanted.memoryCost ||
      timeCost !== wanted.timeCost ||
      parallelism !== wanted.parallelism
    );
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < atOnce) this.running++;
    else await this.turn();
    try {
      return await work();
    } finally {
      this.passOn();
    }
  }

  private turn(): Promise<void> {
    return new Promise((begin, refuse) => {
      const timer = setTimeout(() => {
        this.waiting.delete(waiting);
        refuse(Problem.unavailable('login_overloaded'));
      }, longestWaitSeconds * 1000);
      const waiting = { begin, timer };
      this.waiting.add(waiting);
    });
  }

  /** Who waits longest takes the place; it is free only when nobody waits. */
  private passOn(): void {
    const [next] = this.waiting;
    if (!next) {
      this.running--;
      return;
    }
    this.waiting.delete(next);
    clearTimeout(next.timer);
    next.begin();
  }
}
