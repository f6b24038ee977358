import { Module } from '@nestjs/common';
import { DepartmentsRepository } from './departments.repository.js';
import { InstructorsRepository } from './instructors.repository.js';
import './org.constraints.js';
import { PeopleRepository } from './people.repository.js';
import { TenantFounding } from './tenant-founding.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';
import { UsersRepository } from './users.repository.js';

const provided = [
  TenantsRepository,
  TenantsService,
  DepartmentsRepository,
  UsersRepository,
  PeopleRepository,
  InstructorsRepository,
  TenantFounding,
];

@Module({ providers: provided, exports: provided })
export class OrgModule {}
