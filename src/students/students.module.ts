import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { DepartmentMerge } from './department-merge.service.js';
import { DepartmentsMergeController } from './department-merge.controller.js';
import { InheritanceRepository } from './inheritance.repository.js';
import { InheritanceJobs } from './inheritance.jobs.js';
import { LeaderboardChoiceController } from './leaderboard-choice.controller.js';
import { LeaderboardChoiceRepository } from './leaderboard-choice.repository.js';
import { LeaderboardChoiceService } from './leaderboard-choice.service.js';
import { ProgressRepository } from './progress.repository.js';
import { Rosters } from './rosters.service.js';
import { SegmentsController } from './segments.controller.js';
import { SegmentsRepository } from './segments.repository.js';
import { SegmentsService } from './segments.service.js';
import { StudentChoice } from './student-choice.service.js';
import { StudentListRepository } from './student-list.repository.js';
import { StudentReads } from './student-reads.js';
import { StudentsController } from './students.controller.js';
import { StudentsRepository } from './students.repository.js';
import { StudentsService } from './students.service.js';
import { ThresholdPreviewController } from './threshold-preview.controller.js';
import { ThresholdPreviewRepository } from './threshold-preview.repository.js';
import { ThresholdPreviewService } from './threshold-preview.service.js';

@Module({
  imports: [OrgModule],
  controllers: [
    LeaderboardChoiceController,
    StudentsController,
    SegmentsController,
    DepartmentsMergeController,
    ThresholdPreviewController,
  ],
  providers: [
    ProgressRepository,
    StudentListRepository,
    StudentsRepository,
    StudentsService,
    StudentReads,
    StudentChoice,
    SegmentsRepository,
    SegmentsService,
    Rosters,
    DepartmentMerge,
    InheritanceRepository,
    InheritanceJobs,
    LeaderboardChoiceRepository,
    LeaderboardChoiceService,
    ThresholdPreviewRepository,
    ThresholdPreviewService,
  ],
  exports: [
    ProgressRepository,
    StudentListRepository,
    StudentReads,
    StudentsRepository,
    StudentChoice,
    SegmentsRepository,
    Rosters,
  ],
})
export class StudentsModule {}
