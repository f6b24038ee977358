import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the trail is searched by, each ending with the order in which it is read. */
const indexes = {
  audit_entries__action_idx: '(tenant_id, action, at, id)',
  audit_entries__request_idx: '(tenant_id, request_id) where request_id is not null',
  audit_entries__not_done_idx: "(tenant_id, at, id) where result <> 'done'",
} as const;

/** Without a lock that writers would wait for: a trail is long by the time it gets new indexes. */
export class IndexAuditEntries1764300000000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [index, definition] of Object.entries(indexes)) {
      await runner.query(`create index if not exists ${index} on only audit_entries ${definition}`);
      const partitions = (await runner.query(`
        select p.inhrelid::regclass::text as name from pg_inherits p
        where p.inhparent = 'audit_entries'::regclass and not exists (
          select from pg_index i join pg_inherits a on a.inhrelid = i.indexrelid
          where i.indrelid = p.inhrelid and a.inhparent = '${index}'::regclass
        )
        order by 1`)) as { name: string }[];
      for (const { name } of partitions) {
        const own = `${name}${index.slice('audit_entries'.length)}`;
        // of an attempt that was interrupted
        await runner.query(`drop index concurrently if exists ${own}`);
        await runner.query(`create index concurrently ${own} on ${name} ${definition}`);
        await runner.query(`alter index ${index} attach partition ${own}`);
      }
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index ${Object.keys(indexes).join(', ')}`);
  }
}
