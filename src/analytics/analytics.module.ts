import { Module } from '@nestjs/common';
import { InterventionsModule } from '../interventions/interventions.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { CohortsController } from './cohorts.controller.js';
import { CohortsRepository } from './cohorts.repository.js';
import { CohortsService } from './cohorts.service.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';
import { FreshnessRepository } from './freshness.repository.js';
import { InterventionEffectsController } from './intervention-effects.controller.js';
import { InterventionEffectsRepository } from './intervention-effects.repository.js';
import { InterventionEffectsService } from './intervention-effects.service.js';
import { LeaderboardController } from './leaderboard.controller.js';
import { LeaderboardRepository } from './leaderboard.repository.js';
import { LeaderboardService } from './leaderboard.service.js';
import { RollUpsRepository } from './roll-ups.repository.js';
import { RollUps } from './roll-ups.service.js';

@Module({
  imports: [OrgModule, StudentsModule, InterventionsModule],
  controllers: [DashboardController, InterventionEffectsController, LeaderboardController, CohortsController],
  providers: [
    DashboardRepository,
    DashboardService,
    FreshnessRepository,
    InterventionEffectsRepository,
    InterventionEffectsService,
    LeaderboardRepository,
    LeaderboardService,
    CohortsRepository,
    CohortsService,
    RollUpsRepository,
    RollUps,
  ],
  exports: [RollUps],
})
export class AnalyticsModule {}
