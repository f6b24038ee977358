import { Injectable } from '@nestjs/common';
import { NotificationMergeRepository } from './notification-merge.repository.js';
import { TrayWriterRepository } from './tray-writer.repository.js';

@Injectable()
export class NotificationMerge {
  constructor(
    private readonly trays: TrayWriterRepository,
    private readonly merges: NotificationMergeRepository,
  ) {}

  /** Gives one of two people who are one the tray of the other, and what was told to both once. Joins the transaction. */
  async merge(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.trays.lock(tenantId);
    await this.merges.deleteTold(tenantId, fromId, intoId);
    await this.merges.joinLines(tenantId, fromId, intoId);
    await this.merges.giveAway(tenantId, fromId, intoId);
    await this.merges.joinCauses(tenantId, fromId, intoId);
  }
}
