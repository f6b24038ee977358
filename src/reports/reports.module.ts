import { Module } from '@nestjs/common';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { OrgModule } from '../org/org.module.js';
import { StudentsModule } from '../students/students.module.js';
import { ReportedStudents } from './kinds/reported-students.js';
import { RosterReport } from './kinds/roster.report.js';
import { RosterRepository } from './kinds/roster.repository.js';
import type { ReportKind } from './report-kind.js';
import { ReportKinds } from './report-kinds.js';

/** Another kind is a class here and its name in `report-kind.ts`. */
const kinds = [RosterReport];

@Module({
  imports: [OrgModule, StudentsModule, AnalyticsModule],
  providers: [
    ...kinds,
    { provide: ReportKinds, inject: kinds, useFactory: (...all: ReportKind[]) => new ReportKinds(all) },
    ReportedStudents,
    RosterRepository,
  ],
})
export class ReportsModule {}
