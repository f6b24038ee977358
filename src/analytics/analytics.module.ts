import { Module } from '@nestjs/common';
import { InterventionsModule } from '../interventions/interventions.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';
import { FreshnessRepository } from './freshness.repository.js';
import { InterventionEffectsController } from './intervention-effects.controller.js';
import { InterventionEffectsRepository } from './intervention-effects.repository.js';
import { InterventionEffectsService } from './intervention-effects.service.js';
import { RollUpsRepository } from './roll-ups.repository.js';
import { RollUps } from './roll-ups.service.js';

@Module({
  imports: [OrgModule, StudentsModule, InterventionsModule],
  controllers: [DashboardController, InterventionEffectsController],
  providers: [
    DashboardRepository,
    DashboardService,
    InterventionEffectsRepository,
    InterventionEffectsService,
    RollUpsRepository,
    RollUps,
    FreshnessRepository,
  ],
  exports: [RollUps],
})
export class AnalyticsModule {}
