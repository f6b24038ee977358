import { Module } from '@nestjs/common';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { InterventionListRepository } from './intervention-list.repository.js';
import { InterventionMergeRepository } from './intervention-merge.repository.js';
import { InterventionMerge } from './intervention-merge.service.js';
import { InterventionOpenings } from './intervention-openings.service.js';
import { InterventionRecord } from './intervention-record.js';
import { InterventionsController } from './interventions.controller.js';
import { InterventionsJobs } from './interventions.jobs.js';
import { InterventionsRepository } from './interventions.repository.js';
import { InterventionsService } from './interventions.service.js';
import { TimelineRepository } from './timeline.repository.js';
import { TimelinesController } from './timelines.controller.js';
import { TimelinesService } from './timelines.service.js';

@Module({
  imports: [OrgModule, StudentsModule],
  controllers: [InterventionsController, TimelinesController],
  providers: [
    InterventionListRepository,
    InterventionsRepository,
    InterventionRecord,
    InterventionsService,
    InterventionOpenings,
    InterventionsJobs,
    InterventionMergeRepository,
    InterventionMerge,
    TimelineRepository,
    TimelinesService,
  ],
  exports: [InterventionListRepository, InterventionMerge],
})
export class InterventionsModule {}
