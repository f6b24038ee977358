import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeSettings, SettingsChange, SettingsResponse } from './settings.dto.js';
import { SettingsRepository } from './settings.repository.js';
import { SettingsService } from './settings.service.js';
import { ChangeQuery } from './thresholds.dto.js';

@ApiTags('settings')
@Controller('settings')
export class SettingsController {
  constructor(
    private readonly repository: SettingsRepository,
    private readonly settings: SettingsService,
  ) {}

  @Get()
  @Operation({ summary: 'Show the settings of the tenant', permission: 'settings:read', answer: SettingsResponse })
  get(@CurrentViewer() { tenantId }: Viewer): Promise<SettingsResponse> {
    return this.repository.get(tenantId);
  }

  @Patch()
  @Operation({
    summary: 'Change the settings of the tenant',
    description:
      'Only the fields that are given. `effect` says for how many students a threshold decides otherwise; their rows ' +
      'follow within seconds. Other processes may go by old settings for ten seconds, by an old threshold never.',
    permission: 'settings:write',
    answer: SettingsChange,
    errors: [409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @Query() { dryRun }: ChangeQuery,
    @Body() body: ChangeSettings,
    @IfMatch() version: number | undefined,
  ): Promise<SettingsChange> {
    return this.settings.change(viewer, body, dryRun, version);
  }
}
