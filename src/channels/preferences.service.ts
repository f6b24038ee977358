import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { isTimeZone } from '../org/local-day.js';
import type { Category, ChannelName } from './channel.js';
import { choicesOf, tidy, without } from './choices.js';
import type { ChoosePreferences, PreferencesResponse } from './preferences.dto.js';
import { PreferencesRepository, type PreferencesRow } from './preferences.repository.js';

/** How a person wants to be told of things. */
@Injectable()
export class PreferencesService {
  constructor(
    private readonly database: Database,
    private readonly preferences: PreferencesRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async get({ tenantId, userId }: Viewer): Promise<PreferencesResponse> {
    return shown(found(await this.preferences.find(tenantId, userId)));
  }

  /** @throws Problem 412, 422 for a zone, a sender or a conversation that there is not, and quiet hours without end */
  choose(viewer: Viewer, chosen: ChoosePreferences, version: number | undefined): Promise<PreferencesResponse> {
    const { tenantId, userId } = viewer;
    return this.database.transaction(async () => {
      await this.preferences.lock(tenantId, userId);
      const before = found(await this.preferences.find(tenantId, userId));
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      await this.admit(viewer, chosen, before);
      const { timeZone, quietFrom, quietTo, categories, mutedSenderIds, mutedThreadIds } = chosen;
      const after = {
        timeZone,
        quietFrom,
        quietTo,
        choices: tidy(categories),
        mutedSenderIds: [...new Set(mutedSenderIds)],
        mutedThreadIds: [...new Set(mutedThreadIds)],
      };
      await this.preferences.upsert(tenantId, userId, after, this.clock.now());
      const [was, is] = [before, { ...before, ...after, version: before.version + 1 }].map(shown);
      await this.audit.record(viewer, {
        action: 'preferences.changed',
        targetType: 'user',
        targetId: userId,
        before: was,
        after: is,
      });
      return is!;
    });
  }

  /** By the person, without having signed in: what asks for it has shown that it may. Of nobody, and twice, it is nothing. */
  async turnOff(tenantId: string, userId: string, category: Category, channel: ChannelName): Promise<void> {
    await this.database.transaction(async () => {
      await this.preferences.lock(tenantId, userId);
      const before = await this.preferences.find(tenantId, userId);
      if (!before) return;
      const choices = choicesOf(before.role, before.choices);
      if (!choices[category].channels.includes(channel)) return;
      const after = { ...before, choices: without(choices, category, channel) };
      await this.preferences.upsert(tenantId, userId, after, this.clock.now());
      await this.audit.record(
        { tenantId, userId, role: before.role },
        { action: 'preferences.turned_off', targetType: 'user', targetId: userId, after: { category, channel } },
      );
    });
  }

  /** What was muted may stay so when what it was is no longer kept. */
  private async admit(viewer: Viewer, chosen: ChoosePreferences, before: PreferencesRow): Promise<void> {
    const { timeZone, quietFrom, quietTo, mutedSenderIds, mutedThreadIds } = chosen;
    if (timeZone !== null && !(isTimeZone(timeZone) && (await this.preferences.knowsTimeZone(timeZone)))) {
      throw Problem.unprocessable('time_zone_unknown', 'This is not the IANA name of a time zone.', '/timeZone');
    }
    if ((quietFrom === null) !== (quietTo === null) || (quietFrom !== null && quietFrom === quietTo)) {
      throw Problem.unprocessable('quiet_hours_endless', 'Quiet hours begin, and end at another time.', '/quietTo');
    }
    const senders = mutedSenderIds.filter((id) => !before.mutedSenderIds.includes(id));
    const threads = mutedThreadIds.filter((id) => !before.mutedThreadIds.includes(id));
    if (senders.length + threads.length === 0) return;
    const [stranger] = await this.preferences.listStrangers(viewer, senders, threads);
    if (!stranger) return;
    const pointer = stranger.kind === 'sender' ? '/mutedSenderIds' : '/mutedThreadIds';
    throw Problem.unprocessable(`${stranger.kind}_unknown`, 'This is of no conversation of yours.', pointer);
  }
}

/** @throws Problem 404 for who has been deactivated since the request began */
function found(row: PreferencesRow | null): PreferencesRow {
  if (!row) throw Problem.notFound('user');
  return row;
}

function shown({ role, choices, ...row }: PreferencesRow): PreferencesResponse {
  return {
    ...row,
    categories: tidy(choicesOf(role, choices)) as PreferencesResponse['categories'],
    mutedSenderIds: [...row.mutedSenderIds],
    mutedThreadIds: [...row.mutedThreadIds],
  };
}
