import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import type { ChannelName } from './channel.js';
import type {
  DeliveryListQuery,
  OutgoingDeliveryResponse,
  ReplayDeliveries,
  ReplayedDeliveries,
} from './deliveries.dto.js';
import { DeliveryListRepository } from './delivery-list.repository.js';

/** At one request. */
const mostReplayed = 1_000;

/** What has gone out, and what could not. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveryListRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list({ tenantId }: Viewer, query: DeliveryListQuery): Promise<Page<OutgoingDeliveryResponse>> {
    const { state, channel } = query;
    const listing = { scope: ['deliveries', state, channel], keys: ['id'] as const };
    const position = positionOf(query, listing);
    const rows = await this.deliveries.list(tenantId, { state, channel }, position);
    return toPage(rows, position, { listing, keysOf: ({ id }) => [id] });
  }

  /** @throws Problem 404, 409 unless it has failed or bounced */
  replay(viewer: Viewer, id: string): Promise<OutgoingDeliveryResponse> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.deliveries.find(tenantId, id);
      if (!before) throw Problem.notFound('delivery');
      if (!(await this.deliveries.replay(tenantId, id, this.clock.now()))) {
        throw Problem.conflict('delivery_not_failed', 'Only what has failed or bounced is sent again.');
      }
      const { state, error, channel, userId } = before;
      await this.audit.record(viewer, {
        action: 'delivery.replayed',
        targetType: 'delivery',
        targetId: id,
        personId: userId,
        before: { state, error },
      });
      await this.announce(tenantId, channel);
      return (await this.deliveries.find(tenantId, id))!;
    });
  }

  replayFailed(viewer: Viewer, { channel, since }: ReplayDeliveries): Promise<ReplayedDeliveries> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const replayed = await this.deliveries.replayFailed(tenantId, { channel, since }, this.clock.now(), mostReplayed);
      if (replayed > 0) {
        const after = { channel, since, replayed };
        await this.audit.record(viewer, { action: 'deliveries.replayed', targetType: 'channel', after });
        await this.announce(tenantId, channel);
      }
      return { replayed, hasMore: replayed === mostReplayed };
    });
  }

  private announce(tenantId: string, channel: ChannelName): Promise<void> {
    return this.outbox.append(tenantId, 'channels.deliveries-due', channel, { channel });
  }
}
