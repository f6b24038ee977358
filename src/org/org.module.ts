import { Module } from '@nestjs/common';
import { DelegationsController } from './delegations.controller.js';
import { DelegationsRepository } from './delegations.repository.js';
import { DelegationsService } from './delegations.service.js';
import { DepartmentsController } from './departments.controller.js';
import { DepartmentsRepository } from './departments.repository.js';
import { DepartmentsService } from './departments.service.js';
import { InstructorsController } from './instructors.controller.js';
import { InstructorsRepository } from './instructors.repository.js';
import { InstructorsService } from './instructors.service.js';
import './org.constraints.js';
import { PeopleRepository } from './people.repository.js';
import { TenantFounding } from './tenant-founding.js';
import { SettingsController } from './settings.controller.js';
import { SettingsRepository } from './settings.repository.js';
import { SettingsService } from './settings.service.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';
import { ThresholdSettings } from './threshold-settings.service.js';
import { ThresholdsController } from './thresholds.controller.js';
import { ThresholdsRepository } from './thresholds.repository.js';
import { ThresholdsService } from './thresholds.service.js';
import { UsersRepository } from './users.repository.js';

const shared = [
  TenantsRepository,
  TenantsService,
  DepartmentsRepository,
  DepartmentsService,
  UsersRepository,
  PeopleRepository,
  InstructorsRepository,
  ThresholdsRepository,
  ThresholdsService,
  ThresholdSettings,
  TenantFounding,
];

@Module({
  controllers: [
    SettingsController,
    DepartmentsController,
    InstructorsController,
    DelegationsController,
    ThresholdsController,
  ],
  providers: [
    ...shared,
    SettingsRepository,
    SettingsService,
    InstructorsService,
    DelegationsRepository,
    DelegationsService,
  ],
  exports: shared,
})
export class OrgModule {}
