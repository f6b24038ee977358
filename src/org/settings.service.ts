import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { withChange } from './changes.js';
import { isTimeZone } from './local-day.js';
import { ChangeSettings, SettingsChange, SettingsResponse } from './settings.dto.js';
import { organisationTags } from './organisation-tags.js';
import { SettingsRepository } from './settings.repository.js';
import { TenantsService } from './tenants.service.js';
import { ThresholdsService } from './thresholds.service.js';

@Injectable()
export class SettingsService {
  constructor(
    private readonly database: Database,
    private readonly settings: SettingsRepository,
    private readonly thresholds: ThresholdsService,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 409 for another time zone once there are sessions, and without passwords where nobody else vouches
   *   for people, 412 for another version, 422 for no time zone
   */
  change(viewer: Viewer, change: ChangeSettings, dryRun: boolean, version?: number): Promise<SettingsChange> {
    const { tenantId } = viewer;
    const work = async (): Promise<SettingsChange> => {
      await this.thresholds.hold(tenantId, change);
      const before = await this.settings.lock(tenantId);
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const signInMethods = change.signInMethods && [...new Set(change.signInMethods)];
      const wanted = withChange(before, { ...change, signInMethods });
      if (wanted.timeZone !== before.timeZone) await this.admitTimeZone(tenantId, wanted.timeZone);
      await this.admitSignInMethods(tenantId, before, wanted);
      const after = wanted === before ? before : await this.settings.update(tenantId, wanted);
      const effect = await this.thresholds.follow(viewer, {}, { before, after });
      if (after.passMark !== before.passMark) await this.thresholds.followPassMark(tenantId);
      if (after !== before) {
        const entry = { action: 'settings.changed', targetType: 'tenant', targetId: tenantId, before, after };
        await this.audit.record(viewer, entry);
        await this.database.afterCommit(() => {
          this.tenants.forget(tenantId);
          return this.cache.bump(organisationTags(tenantId));
        });
      }
      return { ...after, dryRun, effect };
    };
    return dryRun ? this.database.rehearse(work) : this.database.transaction(work);
  }

  /** Operators on their part take no provider away from a tenant that has no passwords. */
  private async admitSignInMethods(
    tenantId: string,
    before: SettingsResponse,
    wanted: SettingsResponse,
  ): Promise<void> {
    if (wanted.signInMethods.includes('password') || !before.signInMethods.includes('password')) return;
    if (await this.settings.hasIdentityProvider(tenantId)) return;
    const detail = 'Nobody could sign in: the tenant has no active identity provider. Operators set it.';
    throw Problem.conflict('identity_provider_missing', detail, '/signInMethods');
  }

  /** Days that are cut do not move: snapshots, streaks and closed days would all be of another zone. */
  private async admitTimeZone(tenantId: string, timeZone: string): Promise<void> {
    if (!(isTimeZone(timeZone) && (await this.settings.knowsTimeZone(timeZone)))) {
      const detail = 'This must be the IANA name of a time zone, such as Europe/London.';
      throw Problem.unprocessable('time_zone_unknown', detail, '/timeZone');
    }
    await this.settings.holdSessions();
    if (await this.settings.hasSessions(tenantId)) {
      const detail = 'There are sessions whose days were cut in the present time zone; it cannot change any more.';
      throw Problem.conflict('time_zone_in_use', detail, '/timeZone');
    }
  }
}
