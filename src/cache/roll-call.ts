const key = 'cache:processes';
const renewedKey = 'cache:renewed';
/** Longer than a process is busy with something else or restarted in place. */
const absentAfterMs = 60_000;
/** Less than five minutes together with the time until absence shows. */
const renewEveryMs = 180_000;
/** Whoever has not been heard of for so long is not going to write. */
const forgottenAfterMs = 86_400_000;

/** The few commands that it takes, as `@keyv/redis` has them. */
interface Redis {
  zAdd(key: string, member: { readonly score: number; readonly value: string }): Promise<unknown>;
  zRem(key: string, member: string): Promise<unknown>;
  zCount(key: string, from: number | string, to: number | string): Promise<number>;
  zRemRangeByScore(key: string, from: number | string, to: number | string): Promise<unknown>;
  set(
    key: string,
    value: string,
    options: { condition: 'NX'; expiration: { type: 'PX'; value: number } },
  ): Promise<unknown>;
}

/**
 * Which processes can reach Redis. One that was there and is not any more, without having said goodbye, was killed or
 * is cut off: it may have written something, and may go on writing, that nobody announced.
 */
export class RollCall {
  constructor(
    private readonly redis: Redis,
    private readonly name: string,
  ) {}

  /**
   * Says that this process is there.
   * @param now milliseconds since the epoch; processes' clocks may differ by seconds
   * @returns whether somebody is absent and it is for this process to make what is cached unreachable
   */
  async answer(now: number): Promise<boolean> {
    const [, absent] = await Promise.all([
      this.redis.zAdd(key, { score: now, value: this.name }),
      this.redis.zCount(key, now - forgottenAfterMs, now - absentAfterMs),
      this.redis.zRemRangeByScore(key, '-inf', `(${now - forgottenAfterMs}`),
    ]);
    if (absent === 0) return false;
    const expiration = { type: 'PX', value: renewEveryMs } as const;
    return (await this.redis.set(renewedKey, this.name, { condition: 'NX', expiration })) !== null;
  }

  async leave(): Promise<void> {
    await this.redis.zRem(key, this.name);
  }
}
