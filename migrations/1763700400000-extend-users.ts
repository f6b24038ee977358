import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People as administrators keep them: versions for conditional changes, a searchable list, duplicates merged. */
export class ExtendUsers1763700400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table users
        add column version integer not null default 1,
        add column merged_into_id uuid,
        add constraint users__merged_into_fkey foreign key (tenant_id, merged_into_id) references users (tenant_id, id),
        add constraint users__merged_check
          check (merged_into_id is null or (merged_into_id <> id and not is_active and email is null and pid is null));
      comment on column users.merged_into_id is 'whose duplicate this was found to be; what it had done is theirs';
      create index users__merged_into_id_idx on users (tenant_id, merged_into_id) where merged_into_id is not null;
      create index users__name_idx on users (tenant_id, fold(name), id);

      create function user_search_text(name text, email text, pid text) returns text
        language sql immutable parallel safe return
        ' ' || fold(name) || coalesce(' ' || replace(email, '@', ' @'), '') || coalesce(' ' || fold(pid), '');
      comment on function user_search_text is 'every word begins with a blank, so that ''% kath%'' is a prefix';
      create index users__search_idx
        on users using gin (tenant_id, user_search_text(name, email, pid) gin_trgm_ops) with (fastupdate = off);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index users__search_idx, users__name_idx, users__merged_into_id_idx;
      drop function user_search_text;
      alter table users
        drop constraint users__merged_check,
        drop constraint users__merged_into_fkey,
        drop column merged_into_id,
        drop column version;
    `);
  }
}
