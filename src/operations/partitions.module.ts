import { Module } from '@nestjs/common';
import { OperationsJobs } from './operations.jobs.js';
import { Partitions } from './partitions.js';
import { PartitionsRepository } from './partitions.repository.js';

/** Below the features, apart from the rest of operations: imports make the months that they are going to fill. */
@Module({
  providers: [PartitionsRepository, Partitions, OperationsJobs],
  exports: [Partitions, PartitionsRepository],
})
export class PartitionsModule {}
