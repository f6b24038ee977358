import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';

@Module({
  imports: [OrgModule, StudentsModule],
  controllers: [DashboardController],
  providers: [DashboardRepository, DashboardService],
})
export class AnalyticsModule {}
