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
  ],
})
export class AssignmentsModule {}
