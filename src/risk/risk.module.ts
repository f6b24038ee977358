import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ActiveModel } from './active-model.js';
import { EvaluationsRepository } from './evaluations.repository.js';
import { ExplanationRepository } from './explanation.repository.js';
import { RiskExplanation } from './risk-explanation.service.js';
import { RiskLedger } from './risk-ledger.service.js';
import { RiskNight } from './risk-night.service.js';
import { RiskNow } from './risk-now.service.js';
import { RiskReplay } from './risk-replay.service.js';
import { RiskScoring } from './risk-scoring.service.js';
import { RiskController } from './risk.controller.js';
import { RiskJobs } from './risk.jobs.js';
import { RiskRepository } from './risk.repository.js';

@Module({
  imports: [ActivityModule, AssignmentsModule, OrgModule, StudentsModule],
  controllers: [RiskController],
  providers: [
    ActiveModel,
    EvaluationsRepository,
    ExplanationRepository,
    RiskExplanation,
    RiskLedger,
    RiskNight,
    RiskNow,
    RiskReplay,
    RiskScoring,
    RiskJobs,
    RiskRepository,
  ],
  exports: [ActiveModel, RiskRepository, RiskScoring, RiskNight],
})
export class RiskModule {}
