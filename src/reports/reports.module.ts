import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { OrgModule } from '../org/org.module.js';

@Module({ imports: [OrgModule, AnalyticsModule] })
export class ReportsModule {}
