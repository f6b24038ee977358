import { Injectable } from '@nestjs/common';
import { type PageQuery, positionOf, toPage } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { ThresholdSettings } from '../org/threshold-settings.service.js';
import { type ThresholdOwner, type Thresholds, ThresholdsRepository } from '../org/thresholds.repository.js';
import type { ThresholdPreview } from './threshold-preview.dto.js';
import { ThresholdPreviewRepository } from './threshold-preview.repository.js';

@Injectable()
export class ThresholdPreviewService {
  constructor(
    private readonly preview: ThresholdPreviewRepository,
    private readonly thresholds: ThresholdsRepository,
    private readonly settings: ThresholdSettings,
    private readonly tenants: TenantsService,
  ) {}

  /** @throws Problem 404 also for an owner whom this viewer may see and not change */
  async show(viewer: Viewer, owner: ThresholdOwner, wanted: Thresholds, query: PageQuery): Promise<ThresholdPreview> {
    const { tenantId } = viewer;
    const today = await this.tenants.today(tenantId);
    const { riskThreshold, topPerformerThreshold } = wanted;
    const scope = ['thresholds.preview', tenantId, owner, riskThreshold, topPerformerThreshold];
    const listing = { scope, keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const [effect, rows] = await this.settings.rehearse(viewer, owner, wanted, async () => [
      await this.thresholds.countEffect(tenantId, owner),
      await this.preview.listAffected(tenantId, owner, today, position),
    ]);
    const total = position.page === undefined ? undefined : effect.studentsChanged;
    const page = toPage(rows, position, { listing, keysOf: ({ nameSort, id }) => [nameSort, id], total });
    return { effect, ...page, data: page.data.map(({ nameSort: _, ...row }) => row) };
  }
}
