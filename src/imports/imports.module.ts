import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { OrgModule } from '../org/org.module.js';
import { HistoryLoader } from './history-loader.js';
import { ImportsRepository } from './imports.repository.js';
import { OuladImport } from './oulad-import.js';

/** What commands bring in; the API has none of it. */
@Module({
  imports: [OrgModule, ActivityModule],
  providers: [ImportsRepository, HistoryLoader, OuladImport],
  exports: [ImportsRepository, HistoryLoader, OuladImport],
})
export class ImportsModule {}
