import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { InterventionsModule } from '../interventions/interventions.module.js';
import { OrgModule } from '../org/org.module.js';
import { ServicesModule } from '../services/services.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ActivityReport } from './kinds/activity.report.js';
import { ActivityReportRepository } from './kinds/activity.repository.js';
import { AuditReport } from './kinds/audit.report.js';
import { AuditReportRepository } from './kinds/audit.repository.js';
import { DepartmentsReport } from './kinds/departments.report.js';
import { DepartmentsReportRepository } from './kinds/departments.repository.js';
import { GradebookReport } from './kinds/gradebook.report.js';
import { GradebookReportRepository } from './kinds/gradebook.repository.js';
import { InterventionsReport } from './kinds/interventions.report.js';
import { InterventionsReportRepository } from './kinds/interventions.repository.js';
import { ProgressReport } from './kinds/progress.report.js';
import { ProgressReportRepository } from './kinds/progress.repository.js';
import { ReportedStudents } from './kinds/reported-students.js';
import { RiskReport } from './kinds/risk.report.js';
import { RiskReportRepository } from './kinds/risk.repository.js';
import { RosterReport } from './kinds/roster.report.js';
import { RosterRepository } from './kinds/roster.repository.js';
import { DownloadTokens } from './download-tokens.js';
import { ReportDownloads } from './report-downloads.service.js';
import { ReportFilesRepository } from './report-files.repository.js';
import type { ReportKind } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';
import { ReportMailsJobs } from './report-mails.jobs.js';
import { ReportMailsRepository } from './report-mails.repository.js';
import { ReportOwners } from './report-owners.js';
import { ReportQuestions } from './report-questions.js';
import { ReportRequests } from './report-requests.service.js';
import { ReportScheduleChecks } from './report-schedule-checks.js';
import { ReportScheduleRuns } from './report-schedule-runs.js';
import { ReportSchedulesController } from './report-schedules.controller.js';
import { ReportSchedulesJobs } from './report-schedules.jobs.js';
import { ReportSchedulesRepository } from './report-schedules.repository.js';
import { ReportSchedulesService } from './report-schedules.service.js';
import { ReportStore } from './report-store.js';
import { ReportWriter } from './report-writer.js';
import { ReportsController } from './reports.controller.js';
import { ReportsJobs } from './reports.jobs.js';
import { ReportsRepository } from './reports.repository.js';
import { ReportsService } from './reports.service.js';

/** Another kind is a class here and its name in `report-kind.ts`. */
const kinds = [
  RosterReport,
  ProgressReport,
  GradebookReport,
  RiskReport,
  ActivityReport,
  InterventionsReport,
  DepartmentsReport,
  AuditReport,
];

@Module({
  imports: [
    AuthModule,
    AssignmentsModule,
    InterventionsModule,
    OrgModule,
    ServicesModule,
    StudentsModule,
    AnalyticsModule,
  ],
  controllers: [ReportsController, ReportSchedulesController],
  providers: [
    ...kinds,
    { provide: ReportKinds, inject: kinds, useFactory: (...all: ReportKind[]) => new ReportKinds(all) },
    ReportedStudents,
    RosterRepository,
    ProgressReportRepository,
    GradebookReportRepository,
    RiskReportRepository,
    ActivityReportRepository,
    InterventionsReportRepository,
    DepartmentsReportRepository,
    AuditReportRepository,
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
    ReportSchedulesRepository,
    ReportScheduleChecks,
    ReportSchedulesService,
    ReportScheduleRuns,
    ReportSchedulesJobs,
    ReportMailsRepository,
    ReportMailsJobs,
  ],
  exports: [ReportSchedulesRepository],
})
export class ReportsModule {}
