import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ActiveModel } from './active-model.js';
import { EvaluationsRepository } from './evaluations.repository.js';
import { RiskJobs } from './risk.jobs.js';
import { RiskLedger } from './risk-ledger.service.js';
import { RiskNight } from './risk-night.service.js';
import { RiskNow } from './risk-now.service.js';
import { RiskRepository } from './risk.repository.js';
import { RiskScoring } from './risk-scoring.service.js';

@Module({
  imports: [OrgModule, StudentsModule, ActivityModule, AssignmentsModule],
  providers: [
    ActiveModel,
    RiskRepository,
    RiskScoring,
    EvaluationsRepository,
    RiskLedger,
    RiskNight,
    RiskNow,
    RiskJobs,
  ],
  exports: [ActiveModel, RiskRepository, RiskScoring, RiskNight],
})
export class RiskModule {}
