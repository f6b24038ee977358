import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What attempts are counted for, and how much patience there is with it. */
export interface Bucket {
  /** SHA-256: nobody's address stands in the table. */
  readonly key: Buffer;
  /** Attempts that need not wait; each one after them waits twice as long as the one before, from one second on. */
  readonly free: number;
  readonly longestWaitSeconds: number;
  /** How long it takes until one attempt is forgotten. */
  readonly forgottenSeconds: number;
}

/** Seconds from the last counted attempt to the next; a database that is restored may hold any level. */
const wait = 'case when t.level < $3 then 0 else least($4::integer, 2 ^ least(t.level - $3, 30)) end';

@Injectable()
export class ThrottleRepository {
  constructor(private readonly database: Database) {}

  /** @returns false when it has to wait; then it is not counted */
  async count({ key, free, longestWaitSeconds, forgottenSeconds }: Bucket, now: Date): Promise<boolean> {
    const counted = await this.database.run(
      `-- auth.countAttempt
      insert into throttles as t (key, level, counted_at) values ($1, 1, $2)
      on conflict (key) do update set
        level = greatest(t.level - greatest(extract(epoch from $2 - t.counted_at), 0) / $5::integer, 0) + 1,
        counted_at = $2
      where t.counted_at + make_interval(secs => ${wait}) <= $2`,
      [key, now, free, longestWaitSeconds, forgottenSeconds],
    );
    return counted === 1;
  }

  /** Seconds until the next attempt. */
  async getWait({ key, free, longestWaitSeconds }: Bucket, now: Date): Promise<number> {
    const { seconds } = await this.database.one<{ seconds: number }>(
      `-- auth.getAttemptWait
      select ceil(extract(epoch from t.counted_at - $2::timestamptz) + ${wait})::integer as seconds
      from throttles t where t.key = $1`,
      [key, now, free, longestWaitSeconds],
    );
    return seconds;
  }

  /** Takes back the attempt that was counted last, or all there are. */
  async forgive({ key }: Bucket, all: boolean): Promise<void> {
    await this.database.run(
      `-- auth.forgiveAttempts
      update throttles set level = case when $2 then 0 else greatest(level - 1, 0) end where key = $1`,
      [key, all],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteForgotten(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- auth.deleteForgottenAttempts
      delete from throttles
      where key = any(array(select key from throttles where counted_at < $1 order by counted_at limit $2))`,
      [before, limit],
    );
  }
}
