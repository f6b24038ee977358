import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OrgModule } from '../org/org.module.js';
import { CacheController } from './cache.controller.js';
import { RunListRepository } from './run-list.repository.js';
import { RunsController } from './runs.controller.js';
import { SystemLogWriter } from './system-log.writer.js';
import { SystemLogsController } from './system-logs.controller.js';
import { SystemLogsRepository } from './system-logs.repository.js';
import { TenantsController } from './tenants.controller.js';
import { TenantAdministration } from './tenant-administration.js';

/** What operators run: the tenants as such and the jobs, and nothing of the people in them. */
@Module({
  imports: [OrgModule, AuthModule],
  controllers: [TenantsController, RunsController, CacheController, SystemLogsController],
  providers: [TenantAdministration, RunListRepository, SystemLogsRepository, SystemLogWriter],
  exports: [SystemLogsRepository],
})
export class InstallationModule {}
