import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLiveEvents1764100200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table live_events (
        tenant_id uuid not null,
        id bigint not null generated always as identity,
        kind text not null,
        outbox_id bigint not null,
        subject_id uuid not null,
        user_id uuid,
        instructor_id uuid,
        department_path uuid[],
        payload jsonb not null,
        created_at timestamptz not null,
        constraint live_events_pkey primary key (tenant_id, id),
        constraint live_events__outbox_subject_key unique (tenant_id, outbox_id, kind, subject_id),
        constraint live_events__audience_check check ((user_id is null) = (department_path is not null))
      );
      create unique index live_events__id_idx on live_events (id);
      comment on table live_events is 'What streams of events tell, kept for a day to be told again to who was cut off';
      comment on column live_events.id is 'in the order in which they became visible: whoever publishes holds a lock';
      comment on column live_events.outbox_id is 'of the event that it comes from, which may be handed over again';
      comment on column live_events.subject_id is 'the student, or what a person is told of';
      comment on column live_events.user_id is 'whom alone it is for; null: for those who see the student';
      comment on column live_events.instructor_id is 'the student''s when it was published';
      comment on column live_events.department_path is 'the same, from the root to the student''s department';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table live_events');
  }
}
