import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { AccommodationsController } from './accommodations.controller.js';
import { AccommodationsRepository } from './accommodations.repository.js';
import { AccommodationsService } from './accommodations.service.js';
import { AssignedWork } from './assigned-work.service.js';
import { AssignmentChanges } from './assignment-changes.js';
import { AssignmentClockJobs } from './assignment-clock.jobs.js';
import { AssignmentClockRepository } from './assignment-clock.repository.js';
import { AssignmentClockService } from './assignment-clock.service.js';
import { AssignmentListRepository } from './assignment-list.repository.js';
import { AssignmentReads } from './assignment-reads.js';
import { AssignmentStates } from './assignment-states.js';
import './assignments.constraints.js';
import { AssignmentsController } from './assignments.controller.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { AssignmentsService } from './assignments.service.js';
import { AttemptsController } from './attempts.controller.js';
import { AttemptsRepository } from './attempts.repository.js';
import { AttemptsService } from './attempts.service.js';
import { ExemptionsController } from './exemptions.controller.js';
import { ExemptionsService } from './exemptions.service.js';
import { ExtensionBatches } from './extension-batches.service.js';
import { ExtensionsController } from './extensions.controller.js';
import { ExtensionsRepository } from './extensions.repository.js';
import { ExtensionsService } from './extensions.service.js';
import { FollowedHandOuts } from './followed-hand-outs.service.js';
import { GradeBatchesController } from './grade-batches.controller.js';
import { GradeBatchesRepository } from './grade-batches.repository.js';
import { GradeRelease } from './grade-release.service.js';
import { GradeUndo } from './grade-undo.service.js';
import { GradeWriter } from './grade-writer.js';
import { GradebookController } from './gradebook.controller.js';
import { GradebookRepository } from './gradebook.repository.js';
import { GradebookService } from './gradebook.service.js';
import { GradesController } from './grades.controller.js';
import { GradesRepository } from './grades.repository.js';
import { GradesService } from './grades.service.js';
import { HandOutsController } from './hand-outs.controller.js';
import { HandOutJobs } from './hand-outs.jobs.js';
import { HandOutsRepository } from './hand-outs.repository.js';
import { HandOutsService } from './hand-outs.service.js';
import { ItemAnalysisController } from './item-analysis.controller.js';
import { ItemAnalysisRepository } from './item-analysis.repository.js';
import { ItemAnalysisService } from './item-analysis.service.js';
import { SessionCompletionJobs } from './session-completion.jobs.js';
import { SessionCompletionRepository } from './session-completion.repository.js';
import { SubmissionListRepository } from './submission-list.repository.js';
import { SubmissionMergeRepository } from './submission-merge.repository.js';
import { SubmissionMergeService } from './submission-merge.service.js';
import { SubmissionReads } from './submission-reads.js';
import { SubmissionRecord } from './submission-record.js';
import { SubmissionScoresRepository } from './submission-scores.repository.js';
import { SubmissionsController } from './submissions.controller.js';
import { WithdrawalsController } from './withdrawals.controller.js';

@Module({
  imports: [ActivityModule, OrgModule, StudentsModule, AuthModule],
  controllers: [
    AccommodationsController,
    AssignmentsController,
    AttemptsController,
    ExemptionsController,
    ExtensionsController,
    GradeBatchesController,
    GradebookController,
    GradesController,
    HandOutsController,
    ItemAnalysisController,
    SubmissionsController,
    WithdrawalsController,
  ],
  providers: [
    AccommodationsRepository,
    AccommodationsService,
    AssignedWork,
    AssignmentChanges,
    AssignmentClockJobs,
    AssignmentClockRepository,
    AssignmentClockService,
    AssignmentListRepository,
    AssignmentReads,
    AssignmentStates,
    AssignmentsRepository,
    AssignmentsService,
    AttemptsRepository,
    AttemptsService,
    ExemptionsService,
    ExtensionBatches,
    ExtensionsRepository,
    ExtensionsService,
    FollowedHandOuts,
    GradeBatchesRepository,
    GradeRelease,
    GradeUndo,
    GradeWriter,
    GradebookRepository,
    GradebookService,
    GradesRepository,
    GradesService,
    HandOutJobs,
    HandOutsRepository,
    HandOutsService,
    ItemAnalysisRepository,
    ItemAnalysisService,
    SessionCompletionJobs,
    SessionCompletionRepository,
    SubmissionListRepository,
    SubmissionMergeRepository,
    SubmissionMergeService,
    SubmissionReads,
    SubmissionRecord,
    SubmissionScoresRepository,
  ],
  exports: [SubmissionMergeService, AssignmentsRepository, SubmissionScoresRepository, GradebookRepository],
})
export class AssignmentsModule {}
