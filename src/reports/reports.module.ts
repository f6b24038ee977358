import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { OrgModule } from '../org/org.module.js';
import { ServicesModule } from '../services/services.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ReportedStudents } from './kinds/reported-students.js';
import { RosterReport } from './kinds/roster.report.js';
import { RosterRepository } from './kinds/roster.repository.js';
import { DownloadTokens } from './download-tokens.js';
import { ReportDownloads } from './report-downloads.service.js';
import { ReportFilesRepository } from './report-files.repository.js';
import type { ReportKind } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';
import { ReportOwners } from './report-owners.js';
import { ReportQuestions } from './report-questions.js';
import { ReportRequests } from './report-requests.service.js';
import { ReportStore } from './report-store.js';
import { ReportWriter } from './report-writer.js';
import { ReportsController } from './reports.controller.js';
import { ReportsJobs } from './reports.jobs.js';
import { ReportsRepository } from './reports.repository.js';
import { ReportsService } from './reports.service.js';

/** Another kind is a class here and its name in `report-kind.ts`. */
const kinds = [RosterReport];

@Module({
  imports: [AuthModule, OrgModule, ServicesModule, StudentsModule, AnalyticsModule],
  controllers: [ReportsController],
  providers: [
    ...kinds,
    { provide: ReportKinds, inject: kinds, useFactory: (...all: ReportKind[]) => new ReportKinds(all) },
    ReportedStudents,
    RosterRepository,
    ReportsRepository,
    ReportFilesRepository,
    ReportQuestions,
    ReportOwners,
    ReportRequests,
    ReportsService,
    DownloadTokens,
    ReportDownloads,
    ReportStore,
    ReportWriter,
    ReportsJobs,
  ],
})
export class ReportsModule {}
