import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { InterventionsModule } from '../interventions/interventions.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ActivityHeatmapController } from './activity-heatmap.controller.js';
import { ActivityHeatmapRepository } from './activity-heatmap.repository.js';
import { ActivityHeatmapService } from './activity-heatmap.service.js';
import './analytics.constraints.js';
import { CohortsController } from './cohorts.controller.js';
import { CohortsRepository } from './cohorts.repository.js';
import { CohortsService } from './cohorts.service.js';
import { ComparisonController } from './comparison.controller.js';
import { ComparisonRepository } from './comparison.repository.js';
import { ComparisonService } from './comparison.service.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';
import { DepartmentFiguresController } from './department-figures.controller.js';
import { DepartmentFiguresRepository } from './department-figures.repository.js';
import { DepartmentFiguresService } from './department-figures.service.js';
import { FreshnessRepository } from './freshness.repository.js';
import { InstructorPerformanceController } from './instructor-performance.controller.js';
import { InstructorPerformanceRepository } from './instructor-performance.repository.js';
import { InterventionEffectsController } from './intervention-effects.controller.js';
import { InterventionEffectsRepository } from './intervention-effects.repository.js';
import { InterventionEffectsService } from './intervention-effects.service.js';
import { LeaderboardController } from './leaderboard.controller.js';
import { LeaderboardRepository } from './leaderboard.repository.js';
import { LeaderboardService } from './leaderboard.service.js';
import { LearnersController } from './learners.controller.js';
import { LearnersRepository } from './learners.repository.js';
import { MetricsController } from './metrics.controller.js';
import { ModuleFiguresController } from './modules.controller.js';
import { ModuleFiguresRepository } from './modules.repository.js';
import { ModuleFiguresService } from './modules.service.js';
import { PerformanceController } from './performance.controller.js';
import { PerformanceRepository } from './performance.repository.js';
import { PastSessionsRepository } from './past-sessions.repository.js';
import { PerformanceService } from './performance.service.js';
import { PlatformMetricsController } from './platform-metrics.controller.js';
import { PlatformMetricsRepository } from './platform-metrics.repository.js';
import { QuestionsController } from './questions.controller.js';
import { QuestionsRepository } from './questions.repository.js';
import { QuestionsService } from './questions.service.js';
import { Rebuild } from './rebuild.service.js';
import { RollUpJobs } from './roll-ups.jobs.js';
import { RollUpsRepository } from './roll-ups.repository.js';
import { RollUps } from './roll-ups.service.js';
import { ViewsController } from './views.controller.js';
import { ViewsJobs } from './views.jobs.js';
import { ViewsRepository } from './views.repository.js';
import { ViewsService } from './views.service.js';
import { WarmUp } from './warm-up.js';

@Module({
  imports: [OrgModule, StudentsModule, InterventionsModule, AuthModule],
  controllers: [
    ActivityHeatmapController,
    CohortsController,
    ComparisonController,
    DashboardController,
    DepartmentFiguresController,
    InstructorPerformanceController,
    InterventionEffectsController,
    LeaderboardController,
    LearnersController,
    MetricsController,
    ModuleFiguresController,
    PerformanceController,
    PlatformMetricsController,
    QuestionsController,
    ViewsController,
  ],
  providers: [
    ActivityHeatmapRepository,
    ActivityHeatmapService,
    CohortsRepository,
    CohortsService,
    ComparisonRepository,
    ComparisonService,
    DashboardRepository,
    DashboardService,
    DepartmentFiguresRepository,
    DepartmentFiguresService,
    FreshnessRepository,
    InstructorPerformanceRepository,
    InterventionEffectsRepository,
    InterventionEffectsService,
    LeaderboardRepository,
    LeaderboardService,
    LearnersRepository,
    ModuleFiguresRepository,
    ModuleFiguresService,
    PerformanceRepository,
    PastSessionsRepository,
    PerformanceService,
    PlatformMetricsRepository,
    QuestionsRepository,
    QuestionsService,
    Rebuild,
    RollUpJobs,
    RollUpsRepository,
    RollUps,
    ViewsJobs,
    ViewsRepository,
    ViewsService,
    WarmUp,
  ],
  exports: [DashboardService, RollUps, Rebuild, PastSessionsRepository],
})
export class AnalyticsModule {}
