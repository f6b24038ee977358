import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { ActivityModule } from './activity/activity.module.js';
import { AnalyticsModule } from './analytics/analytics.module.js';
import { AssignmentsModule } from './assignments/assignments.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CacheModule } from './cache/cache.module.js';
import { ChannelsModule } from './channels/channels.module.js';
import { Config } from './config.js';
import type { Clock } from './database/clock.js';
import { DatabaseModule } from './database/database.module.js';
import { HttpModule } from './http/http.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { ImportsModule } from './imports/imports.module.js';
import { InstallationModule } from './installation/installation.module.js';
import { InterventionsModule } from './interventions/interventions.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { LiveModule } from './live/live.module.js';
import { MailModule } from './mail/mail.module.js';
import { MessagingModule } from './messaging/messaging.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { HealthModule } from './operations/health.module.js';
import { PartitionsModule } from './operations/partitions.module.js';
import { OrgModule } from './org/org.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { RiskModule } from './risk/risk.module.js';
import { ServicesModule } from './services/services.module.js';
import { PeopleModule } from './people/people.module.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { StudentsModule } from './students/students.module.js';

export interface AppModuleOptions {
  readonly source: DataSource;
  /** `source` unless told. */
  readonly owner?: DataSource;
  readonly clock: Clock;
  /** Whether this process also works off jobs. */
  readonly worker: boolean;
}

@Global()
@Module({})
export class AppModule {
  /** The modules, lowest first: each may use those before it. */
  static forRoot(config: Config, { source, owner = source, clock, worker }: AppModuleOptions): DynamicModule {
    return {
      module: AppModule,
      providers: [{ provide: Config, useValue: config }],
      exports: [Config],
      imports: [
        DatabaseModule.forRoot({ source, owner, clock }),
        CacheModule,
        JobsModule.forRoot({ worker }),
        HttpModule,
        MailModule,
        PartitionsModule,
        AuditModule,
        OrgModule,
        AuthModule,
        InstallationModule,
        ServicesModule,
        StudentsModule,
        ActivityModule,
        AssignmentsModule,
        RiskModule,
        InterventionsModule,
        AnalyticsModule,
        ReportsModule,
        NotificationsModule,
        MessagingModule,
        ChannelsModule,
        RetentionModule,
        LiveModule,
        PeopleModule,
        PrivacyModule,
        IdentityModule,
        ImportsModule,
        HealthModule,
      ],
    };
  }
}
