import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Of a rare kind of target the newest were looked for among all entries. Rare ones are in no sample: without being told that
 * there are more, the planner takes any other index in the same order to be as good.
 */
const index = 'audit_entries__target_type_idx';
const definition = '(tenant_id, target_type, at, id)';

/** Without a lock that writers would wait for: a trail is long by the time it gets new indexes. */
export class IndexAuditKinds1764400400000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index if not exists ${index} on only audit_entries ${definition}`);
    const partitions = (await runner.query(`
        select p.inhrelid::regclass::text as name from pg_inherits p
        where p.inhparent = 'audit_entries'::regclass and not exists (
          select from pg_index i join pg_inherits a on a.inhrelid = i.indexrelid
          where i.indrelid = p.inhrelid and a.inhparent = '${index}'::regclass
        )
        order by 1`)) as { name: string }[];
    for (const { name } of partitions) {
      await runner.query(`alter table ${name} alter column target_type set (n_distinct = 20)`);
      const own = `${name}${index.slice('audit_entries'.length)}`;
      // of an attempt that was interrupted
      await runner.query(`drop index concurrently if exists ${own}`);
      await runner.query(`create index concurrently ${own} on ${name} ${definition}`);
      await runner.query(`alter index ${index} attach partition ${own}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index ${index}`);
    const partitions = (await runner.query(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_entries'::regclass`,
    )) as { name: string }[];
    for (const { name } of partitions) {
      await runner.query(`alter table ${name} alter column target_type reset (n_distinct)`);
    }
  }
}
