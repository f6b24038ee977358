import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { AssignmentChanges } from './assignment-changes.js';
import { AssignmentListRepository } from './assignment-list.repository.js';
import { AssignmentReads } from './assignment-reads.js';
import { AssignmentStates } from './assignment-states.js';
import './assignments.constraints.js';
import { AssignmentsController } from './assignments.controller.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { AssignmentsService } from './assignments.service.js';

@Module({
  imports: [OrgModule, StudentsModule, ActivityModule],
  controllers: [AssignmentsController],
  providers: [
    AssignmentsRepository,
    AssignmentListRepository,
    AssignmentReads,
    AssignmentChanges,
    AssignmentStates,
    AssignmentsService,
import { ExemptionsController } from './exemptions.controller.js';
import { ExemptionsService } from './exemptions.service.js';
import { GradeBatchesController } from './grade-batches.controller.js';
import { GradeBatchesRepository } from './grade-batches.repository.js';
import { GradeRelease } from './grade-release.service.js';
import { GradeUndo } from './grade-undo.service.js';
import { GradeWriter } from './grade-writer.js';
import { GradesController } from './grades.controller.js';
import { GradesRepository } from './grades.repository.js';
import { GradesService } from './grades.service.js';

@Module({
  imports: [OrgModule, StudentsModule, ActivityModule],
  controllers: [GradesController, GradeBatchesController, ExemptionsController],
  providers: [
    AssignmentsRepository,
    GradesRepository,
    GradeBatchesRepository,
    GradeWriter,
    GradesService,
    GradeUndo,
    GradeRelease,
    ExemptionsService,
  ],
})
export class AssignmentsModule {}
