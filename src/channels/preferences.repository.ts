import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Choices, ChoosingRole } from './choices.js';

export interface PreferencesRow {
  readonly role: ChoosingRole;
  /** 0: none of their own. */
  readonly version: number;
  readonly timeZone: string | null;
  readonly quietFrom: string | null;
  readonly quietTo: string | null;
  readonly choices: Partial<Choices> | null;
  readonly mutedSenderIds: readonly string[];
  readonly mutedThreadIds: readonly string[];
}

export type Preferences = Omit<PreferencesRow, 'role' | 'version'>;

@Injectable()
export class PreferencesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Nobody else changes somebody's preferences until the transaction ends. In a statement of its own: one that has waited
   * would still read what it began with.
   */
  async lock(tenantId: string, userId: string): Promise<void> {
    await this.database.run(
      `-- channels.lockPreferences
      select id from users where tenant_id = $1 and id = $2 for no key update`,
      [tenantId, userId],
    );
  }

  /** Of an active person. */
  find(tenantId: string, userId: string): Promise<PreferencesRow | null> {
    return this.database.maybeOne<PreferencesRow>(
      `-- channels.findPreferences
      select u.role, coalesce(p.version, 0) as version, p.time_zone as "timeZone", p.quiet_from as "quietFrom",
        p.quiet_to as "quietTo", p.choices, coalesce(p.muted_sender_ids, '{}') as "mutedSenderIds",
        coalesce(p.muted_thread_ids, '{}') as "mutedThreadIds"
      from users u left join preferences p on p.tenant_id = $1 and p.user_id = u.id
      where u.tenant_id = $1 and u.id = $2 and u.is_active`,
      [tenantId, userId],
    );
  }

  /** The person is locked. */
  async upsert(tenantId: string, userId: string, preferences: Preferences, now: Date): Promise<void> {
    const { timeZone, quietFrom, quietTo, choices, mutedSenderIds, mutedThreadIds } = preferences;
    await this.database.run(
      `-- channels.upsertPreferences
      insert into preferences (tenant_id, user_id, time_zone, quiet_from, quiet_to, choices, muted_sender_ids,
        muted_thread_ids, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict (tenant_id, user_id) do update
      set time_zone = excluded.time_zone, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
        choices = excluded.choices, muted_sender_ids = excluded.muted_sender_ids,
        muted_thread_ids = excluded.muted_thread_ids, version = preferences.version + 1,
        updated_at = excluded.updated_at`,
      [
        tenantId, userId, timeZone, quietFrom, quietTo, JSON.stringify(choices), mutedSenderIds, mutedThreadIds, now,
      ],
    ); // prettier-ignore
  }

  async knowsTimeZone(name: string): Promise<boolean> {
    const { known } = await this.database.one<{ known: boolean }>(
      `-- channels.knowsTimeZone
      select exists (select from pg_timezone_names where name = $1) as known`,
      [name],
    );
    return known;
  }

  /** Of these those that are of no conversation of the viewer's. */
  listStrangers(
    { tenantId, userId }: Viewer,
    senderIds: readonly string[],
    threadIds: readonly string[],
  ): Promise<{ kind: 'sender' | 'thread'; id: string }[]> {
    return this.database.many<{ kind: 'sender' | 'thread'; id: string }>(
      `-- channels.listStrangers
      select 'sender' as kind, sender.id from unnest($3::uuid[]) as sender (id)
      where not exists (select from threads t where t.tenant_id = $1 and t.user_id = $2 and t.other_id = sender.id)
      union all
      select 'thread', thread.id from unnest($4::uuid[]) as thread (id)
      where not exists (select from threads t where t.tenant_id = $1 and t.user_id = $2 and t.id = thread.id)`,
      [tenantId, userId, senderIds, threadIds],
    );
  }
}
