import { Injectable } from '@nestjs/common';
import { ChannelMergeRepository } from '../channels/channel-merge.repository.js';
import type { Viewer } from '../http/viewer.js';
import { InterventionMerge } from '../interventions/intervention-merge.service.js';
import { MessageMergeRepository } from '../messaging/message-merge.repository.js';
import { NotificationMerge } from '../notifications/notification-merge.service.js';
import { ReportSchedulesRepository } from '../reports/report-schedules.repository.js';
import { LegalHoldsRepository } from '../retention/legal-holds.repository.js';

/** What students and instructors alike have: cases, schedules of reports, notifications, messages, preferences and holds. */
@Injectable()
export class BelongingsMerge {
  constructor(
    private readonly interventions: InterventionMerge,
    private readonly notifications: NotificationMerge,
    private readonly schedules: ReportSchedulesRepository,
    private readonly messages: MessageMergeRepository,
    private readonly channels: ChannelMergeRepository,
    private readonly holds: LegalHoldsRepository,
  ) {}

  async merge(viewer: Viewer, fromId: string, intoId: string): Promise<void> {
    await this.interventions.merge(viewer, fromId, intoId);
    await this.notifications.merge(viewer.tenantId, fromId, intoId);
    await this.schedules.giveAway(viewer.tenantId, fromId, intoId);
    await this.messages.giveAway(viewer.tenantId, fromId, intoId);
    await this.channels.giveAway(viewer.tenantId, fromId, intoId);
    await this.holds.extend(viewer.tenantId, fromId, intoId);
  }
}
