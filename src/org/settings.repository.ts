import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { SettingsResponse } from './settings.dto.js';

const columns = `t.slug, t.name, t.time_zone as "timeZone", risk_threshold as "riskThreshold",
  top_performer_threshold as "topPerformerThreshold", pass_mark as "passMark",
  session_cap_seconds as "sessionCapSeconds", audit_retention_days as "auditRetentionDays",
  snapshot_retention_days as "snapshotRetentionDays", analytics_retention_days as "analyticsRetentionDays",
  message_retention_days as "messageRetentionDays", system_log_retention_days as "systemLogRetentionDays",
  risk_evaluation_retention_days as "riskEvaluationRetentionDays",
  erasure_waiting_days as "erasureWaitingDays", smallest_group as "smallestGroup", student_messages_per_day as "studentMessagesPerDay",
  staff_messages_per_day as "staffMessagesPerDay", received_messages_per_day as "receivedMessagesPerDay",
  notifications_per_day as "notificationsPerDay", students_see_risk as "studentsSeeRisk",
  is_purpose_required as "isPurposeRequired", sign_in_methods as "signInMethods", version`;

@Injectable()
export class SettingsRepository {
  constructor(private readonly database: Database) {}

  get(tenantId: string): Promise<SettingsResponse> {
    return this.database.one<SettingsResponse>(
      `-- org.getSettings
      select ${columns} from tenants t where t.id = $1`,
      [tenantId],
    );
  }

  /** As they are until the transaction ends. */
  lock(tenantId: string): Promise<SettingsResponse> {
    return this.database.one<SettingsResponse>(
      `-- org.lockSettings
      select ${columns} from tenants t where t.id = $1 for no key update`,
      [tenantId],
    );
  }

  update(tenantId: string, wanted: SettingsResponse): Promise<SettingsResponse> {
    return this.database.one<SettingsResponse>(
      `-- org.updateSettings
      update tenants t
      set name = new.name, time_zone = new."timeZone", risk_threshold = new."riskThreshold",
        top_performer_threshold = new."topPerformerThreshold", pass_mark = new."passMark",
        session_cap_seconds = new."sessionCapSeconds", audit_retention_days = new."auditRetentionDays",
        snapshot_retention_days = new."snapshotRetentionDays", analytics_retention_days = new."analyticsRetentionDays",
        message_retention_days = new."messageRetentionDays",
        system_log_retention_days = new."systemLogRetentionDays",
        risk_evaluation_retention_days = new."riskEvaluationRetentionDays",
        erasure_waiting_days = new."erasureWaitingDays", smallest_group = new."smallestGroup",
        student_messages_per_day = new."studentMessagesPerDay", staff_messages_per_day = new."staffMessagesPerDay",
        received_messages_per_day = new."receivedMessagesPerDay", notifications_per_day = new."notificationsPerDay",
        students_see_risk = new."studentsSeeRisk", is_purpose_required = new."isPurposeRequired",
        sign_in_methods = new."signInMethods",
        -- the day that was closed last was one of the old zone
        closed_day = case when t.time_zone = new."timeZone" then t.closed_day end, version = t.version + 1
      from jsonb_to_record($2::jsonb) as new (
        name text, "timeZone" text, "riskThreshold" numeric, "topPerformerThreshold" numeric, "passMark" numeric,
        "sessionCapSeconds" integer, "auditRetentionDays" integer, "snapshotRetentionDays" integer,
        "analyticsRetentionDays" integer, "messageRetentionDays" integer, "systemLogRetentionDays" integer,
        "riskEvaluationRetentionDays" integer, "erasureWaitingDays" integer, "smallestGroup" integer,
        "studentMessagesPerDay" integer, "staffMessagesPerDay" integer, "receivedMessagesPerDay" integer,
        "notificationsPerDay" integer, "studentsSeeRisk" boolean, "isPurposeRequired" boolean, "signInMethods" text[])
      where t.id = $1
      returning ${columns}`,
      [tenantId, JSON.stringify(wanted)],
    );
  }

  /** Whether people could come in by the word of an identity provider. */
  async hasIdentityProvider(tenantId: string): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- org.hasIdentityProvider
      select exists (select from identity_providers where tenant_id = $1 and is_active) as found`,
      [tenantId],
    );
    return found;
  }

  /** Whether PostgreSQL knows the zone too: it cuts the days of sessions. */
  async knowsTimeZone(name: string): Promise<boolean> {
    const { known } = await this.database.one<{ known: boolean }>(
      `-- org.knowsTimeZone
      select exists (select from pg_timezone_names where name = $1) as known`,
      [name],
    );
    return known;
  }

  /** Waits for the sessions under way, of whatever tenant, and lets no new one in before the transaction ends. */
  async holdSessions(): Promise<void> {
    await this.database.run(
      `-- org.holdSessions
      lock table session_keys in share row exclusive mode`,
    );
  }

  async hasSessions(tenantId: string): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- org.hasSessions
      select exists (select from session_keys where tenant_id = $1) as found`,
      [tenantId],
    );
    return found;
  }
}
