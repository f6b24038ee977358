import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What only an erasure may take out of rows that are otherwise never changed: texts, and nothing else. */
const onlyTexts = (columns: readonly string[]): string => `
        if tg_op = 'UPDATE' and current_setting('app.erasing_tenant', true) = old.tenant_id::text
          and to_jsonb(new) - '{${columns.join(',')}}'::text[] = to_jsonb(old) - '{${columns.join(',')}}'::text[] then
          return new;
        end if;`;

const attemptsFinal = (exception: string): string => `
      create or replace function attempts_final() returns trigger language plpgsql as $$
      begin${exception}
        raise exception 'a submitted attempt never changes'
          using errcode = '23514', constraint = 'attempts__final_check';
      end $$;`;

const gradeChangesFinal = (exception: string): string => `
      create or replace function grade_changes_final() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its history along
        if tg_op = 'DELETE' and current_setting('app.removed_tenant', true) = old.tenant_id::text then
          return old;
        end if;${exception}
        raise exception 'the history of grades is only ever added to'
          using errcode = '23514', constraint = 'grade_changes__final_check';
      end $$;`;

/** People are told what is kept of them, and are forgotten. */
export class CreatePrivacy1764400200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants add column erasure_waiting_days integer not null default 14,
        add constraint tenants__erasure_waiting_check check (erasure_waiting_days between 0 and 90);
      comment on column tenants.erasure_waiting_days is 'how long an erasure that was asked for can be taken back';

      alter table users add column erased_at timestamptz,
        add constraint users__erased_check check (erased_at is null or (
          name = 'Erased person' and not is_active and num_nonnulls(email, pid, rank, phone, avatar_url, password_hash) = 0
        ));
      comment on column users.erased_at is 'when everything personal was taken out; nothing comes back into such a row';

      create table access_requests (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid not null,
        requested_by uuid not null,
        status text not null default 'queued',
        attempts integer not null default 0,
        position jsonb,
        rows integer not null default 0,
        json_bytes bigint not null default 0,
        html_bytes bigint not null default 0,
        parts integer not null default 0,
        error text,
        created_at timestamptz not null,
        started_at timestamptz,
        finished_at timestamptz,
        expires_at timestamptz,
        constraint access_requests_pkey primary key (tenant_id, id),
        constraint access_requests__person_fkey foreign key (tenant_id, person_id) references users (tenant_id, id),
        constraint access_requests__requested_by_fkey foreign key (tenant_id, requested_by) references users (tenant_id, id),
        constraint access_requests__status_check
          check (status in ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
        constraint access_requests__ready_check check (status <> 'ready' or expires_at is not null)
      );
      create unique index access_requests__running_key on access_requests (tenant_id, person_id)
        where status in ('queued', 'running');
      create index access_requests__created_at_idx on access_requests (tenant_id, created_at desc, id desc);
      create index access_requests__person_idx on access_requests (tenant_id, person_id);
      create index access_requests__expires_at_idx on access_requests (expires_at) where status = 'ready';
      create index access_requests__stored_idx on access_requests (tenant_id, status) where parts > 0;
      comment on table access_requests is 'everything about a person, as two files for that person';
      comment on column access_requests.position is 'how far the stored parts reach; where a killed run goes on';
      comment on column access_requests.attempts is 'begun so often; who began it last is the only one who may write';

      create table access_request_parts (
        tenant_id uuid not null,
        request_id uuid not null,
        format text not null,
        number integer not null,
        content bytea not null,
        constraint access_request_parts_pkey primary key (tenant_id, request_id, format, number),
        constraint access_request_parts__request_fkey foreign key (tenant_id, request_id)
          references access_requests (tenant_id, id) on delete cascade,
        constraint access_request_parts__format_check check (format in ('json', 'html'))
      );

      create table erasures (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid not null,
        requested_by uuid not null,
        reason text not null,
        status text not null default 'waiting',
        held_by text,
        step text,
        sought jsonb,
        created_at timestamptz not null,
        due_at timestamptz not null,
        started_at timestamptz,
        finished_at timestamptz,
        cancelled_at timestamptz,
        cancelled_by uuid,
        constraint erasures_pkey primary key (tenant_id, id),
        constraint erasures__person_fkey foreign key (tenant_id, person_id) references users (tenant_id, id),
        constraint erasures__requested_by_fkey foreign key (tenant_id, requested_by) references users (tenant_id, id),
        constraint erasures__cancelled_by_fkey foreign key (tenant_id, cancelled_by) references users (tenant_id, id),
        constraint erasures__status_check check (status in ('waiting', 'running', 'done', 'cancelled')),
        constraint erasures__held_check check (held_by is null or status = 'waiting'),
        constraint erasures__sought_check check (sought is null or status = 'running'),
        constraint erasures__cancelled_check check ((status = 'cancelled') = (cancelled_at is not null))
      );
      create unique index erasures__person_key on erasures (tenant_id, person_id) where status <> 'cancelled';
      create index erasures__created_at_idx on erasures (tenant_id, created_at desc, id desc);
      create index erasures__due_at_idx on erasures (due_at) where status in ('waiting', 'running');
      comment on table erasures is 'who is to be forgotten, and who has been; without anything personal once it is done';
      comment on column erasures.held_by is 'what keeps it from beginning although it is due';
      comment on column erasures.step is 'the last one that is done; where a killed run goes on';
      comment on column erasures.sought is 'names and numbers that are looked for in texts while it runs';

      ${attemptsFinal(onlyTexts(['content']))}
      ${gradeChangesFinal(onlyTexts(['from_feedback', 'to_feedback', 'reason']))}

      create function intervention_entries_final() returns trigger language plpgsql as $$
      begin${onlyTexts(['note', 'details'])}
        raise exception 'the history of risk is only ever added to'
          using errcode = '23514', constraint = 'intervention_entries__final_check';
      end $$;
      drop trigger intervention_entries_final on intervention_entries;
      create trigger intervention_entries_final before update on intervention_entries
        for each row execute function intervention_entries_final();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger intervention_entries_final on intervention_entries;
      drop function intervention_entries_final();
      create trigger intervention_entries_final before update on intervention_entries
        for each row execute function risk_history_final();
      ${attemptsFinal('')}
      ${gradeChangesFinal('')}
      drop table erasures;
      drop table access_request_parts;
      drop table access_requests;
      alter table users drop constraint users__erased_check, drop column erased_at;
      alter table tenants drop constraint tenants__erasure_waiting_check, drop column erasure_waiting_days;
    `);
  }
}
