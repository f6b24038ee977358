import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ActiveModel } from './active-model.js';
import { RiskRepository } from './risk.repository.js';
import { RiskScoring } from './risk-scoring.service.js';

@Module({
  imports: [OrgModule, StudentsModule, ActivityModule, AssignmentsModule],
  providers: [ActiveModel, RiskRepository, RiskScoring],
  exports: [ActiveModel, RiskRepository, RiskScoring],
})
export class RiskModule {}
