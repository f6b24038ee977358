import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { PartitionsModule } from '../operations/partitions.module.js';
import { OrgModule } from '../org/org.module.js';
import { RiskModule } from '../risk/risk.module.js';
import { StudentsModule } from '../students/students.module.js';
import { AcademyImport } from './academy-import.js';
import { Backtest } from './backtest.js';
import { CourseReplay } from './course-replay.js';
import { DemoTenants } from './demo-tenants.js';
import { HistoryLoader } from './history-loader.js';
import { ImportsRepository } from './imports.repository.js';
import { OrganisationImport } from './organisation-import.js';
import { OuladImport } from './oulad-import.js';
import { PastDays } from './past-days.js';
import { SeedImport } from './seed-import.js';
import { TenantImport } from './tenant-import.js';
import { TenantRemovalRepository } from './tenant-removal.repository.js';
import { WorkLoader } from './work-loader.js';
import { WorkRepository } from './work.repository.js';

/** What commands bring in; no route leads here. */
@Module({
  imports: [PartitionsModule, OrgModule, AuthModule, StudentsModule, ActivityModule, RiskModule, AnalyticsModule],
  providers: [
    ImportsRepository,
    TenantRemovalRepository,
    OrganisationImport,
    HistoryLoader,
    WorkRepository,
    WorkLoader,
    PastDays,
    TenantImport,
    OuladImport,
    CourseReplay,
    Backtest,
    AcademyImport,
    SeedImport,
    DemoTenants,
  ],
})
export class ImportsModule {}
