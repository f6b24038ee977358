import { Injectable } from '@nestjs/common';
import type { Viewer } from '../http/viewer.js';
import { InterventionMerge } from '../interventions/intervention-merge.service.js';
import { NotificationMerge } from '../notifications/notification-merge.service.js';

/** What students and instructors alike have, of two who are one person. */
@Injectable()
export class BelongingsMerge {
  constructor(
    private readonly interventions: InterventionMerge,
    private readonly notifications: NotificationMerge,
  ) {}

  async merge(viewer: Viewer, fromId: string, intoId: string): Promise<void> {
    await this.interventions.merge(viewer, fromId, intoId);
    await this.notifications.merge(viewer.tenantId, fromId, intoId);
  }
}
