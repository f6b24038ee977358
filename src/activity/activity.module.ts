import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { AchievementsController } from './achievements.controller.js';
import { AchievementsJobs } from './achievements.jobs.js';
import { AchievementsRepository } from './achievements.repository.js';
import { Achievements } from './achievements.service.js';
import { ActivityJobs } from './activity.jobs.js';
import { DayCloseRepository } from './day-close.repository.js';
import { DayCloseService } from './day-close.service.js';
import './activity.constraints.js';
import { CategoriesController } from './categories.controller.js';
import { CategoriesRepository } from './categories.repository.js';
import { CategoriesService } from './categories.service.js';
import { IngestionService } from './ingestion.service.js';
import { ModulesController } from './modules.controller.js';
import { ModulesRepository } from './modules.repository.js';
import { ModulesService } from './modules.service.js';
import { SessionRecorder } from './session-recorder.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SnapshotsRepository } from './snapshots.repository.js';
import { StudentMergeRepository } from './student-merge.repository.js';
import { StudentMergeService } from './student-merge.service.js';

@Module({
  imports: [OrgModule, StudentsModule],
  controllers: [SessionsController, CategoriesController, ModulesController, AchievementsController],
  providers: [
    SessionsRepository,
    SnapshotsRepository,
    SessionRecorder,
    IngestionService,
    DayCloseRepository,
    DayCloseService,
    ActivityJobs,
    CategoriesRepository,
    CategoriesService,
    ModulesRepository,
    ModulesService,
    StudentMergeRepository,
    StudentMergeService,
    AchievementsRepository,
    Achievements,
    AchievementsJobs,
  ],
  exports: [IngestionService, SessionRecorder, DayCloseService, StudentMergeService],
})
export class ActivityModule {}
