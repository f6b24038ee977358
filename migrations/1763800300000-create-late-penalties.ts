import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lateness comes to, in one place for everything that submits. */
export class CreateLatePenalties1763800300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function late_seconds(due timestamptz, submitted timestamptz) returns integer
        language sql immutable parallel safe
        return coalesce(least(greatest(ceil(extract(epoch from submitted - due)), 0), 2147483647), 0)::integer;
      comment on function late_seconds is 'from the due date, begun ones counted; 0 when in time or without a due date';

      -- Days are of the wall clock, so that one that is due at 18:00 is a day late at 18:00, summer time or not. In the
      -- hour that comes twice the wall clock may show less than when it was due, and it is late all the same.
      create function late_penalty(
        per_day numeric, at_most numeric, grace_seconds integer, due timestamptz, submitted timestamptz, time_zone text
      ) returns numeric language sql stable parallel safe
        return case when submitted > due + make_interval(secs => grace_seconds) then least(at_most, per_day * greatest(1, ceil(
          extract(epoch from
            (submitted at time zone time_zone) - ((due + make_interval(secs => grace_seconds)) at time zone time_zone)
          ) / 86400
        ))) else 0 end;
      comment on function late_penalty is 'per cent of the score, for each local day begun after the due date and its grace';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function late_seconds, late_penalty');
  }
}
