import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { declareConstraint } from '../http/problem.js';
import { OrgModule } from '../org/org.module.js';
import { AccessRequestsController } from './access-requests.controller.js';
import { AccessRequestsRepository } from './access-requests.repository.js';
import { AccessRequests } from './access-requests.service.js';
import { AccessWriter } from './access-writer.js';
import { ErasedTraces } from './erased-traces.js';
import { Eraser } from './eraser.js';
import { ErasureRecord } from './erasure-record.js';
import { ErasuresController } from './erasures.controller.js';
import { ErasuresRepository } from './erasures.repository.js';
import { Erasures } from './erasures.service.js';
import { ErasingRepository } from './erasing.repository.js';
import { Obstacles } from './obstacles.js';
import { PrivacyJobs } from './privacy.jobs.js';
import { PrivatePeople } from './private-people.js';
import { SectionsRepository } from './sections.repository.js';

declareConstraint('users__erased_check', {
  status: 409,
  code: 'user_erased',
  detail: 'This person has been erased, and nothing comes back.',
});

/** What people are told of what is kept of them, and how they are forgotten. Above all that keeps something of people. */
@Module({
  imports: [OrgModule, AuthModule],
  controllers: [AccessRequestsController, ErasuresController],
  providers: [
    AccessRequestsRepository,
    SectionsRepository,
    AccessWriter,
    AccessRequests,
    PrivatePeople,
    ErasuresRepository,
    ErasingRepository,
    Obstacles,
    Erasures,
    ErasedTraces,
    ErasureRecord,
    Eraser,
    PrivacyJobs,
  ],
})
export class PrivacyModule {}
