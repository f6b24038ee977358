import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import './assignments.constraints.js';
import { AssignmentsRepository } from './assignments.repository.js';

@Module({
  imports: [OrgModule, StudentsModule, ActivityModule],
  providers: [AssignmentsRepository],
})
export class AssignmentsModule {}
