import { Module } from '@nestjs/common';
import { InstallationModule } from '../installation/installation.module.js';
import { PartitionsModule } from '../operations/partitions.module.js';
import { LegalHoldsController } from './legal-holds.controller.js';
import { LegalHoldsRepository } from './legal-holds.repository.js';
import { LegalHolds } from './legal-holds.service.js';
import './retention.constraints.js';
import { RetentionReads } from './retention-preview.service.js';
import { RetentionController } from './retention.controller.js';
import { RetentionRunJobs } from './retention.jobs.js';
import { RetentionService } from './retention.service.js';

/** What is kept for how long, and what is kept longer. Above the features whose rows go. */
@Module({
  imports: [PartitionsModule, InstallationModule],
  controllers: [LegalHoldsController, RetentionController],
  providers: [LegalHoldsRepository, LegalHolds, RetentionService, RetentionReads, RetentionRunJobs],
  exports: [LegalHoldsRepository],
})
export class RetentionModule {}
