import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { holds } from '../auth/permissions.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { delegationOf } from '../students/student-filter.js';
import type { TimelineEntry } from './timeline.dto.js';
import { TimelineRepository } from './timeline.repository.js';
import { titleOf } from './timeline-titles.js';

@Injectable()
export class TimelinesService {
  constructor(
    private readonly timelines: TimelineRepository,
    private readonly audit: AuditRecorder,
  ) {}

  async list(viewer: Viewer, studentId: string, query: PageQuery): Promise<Page<TimelineEntry>> {
    const listing = { scope: ['timeline', viewer.tenantId, studentId], keys: ['instant', 'text'] as const };
    const position = positionOf(query, listing);
    const student = await this.timelines.findStudent(viewer, studentId);
    if (!student) throw Problem.notFound('student');
    const withCases = holds(viewer, 'interventions:read');
    const rows = await this.timelines.list(viewer.tenantId, studentId, withCases, position);
    await this.audit.recordRead(viewer, {
      action: 'timeline.viewed',
      targetType: 'student',
      targetId: studentId,
      after: delegationOf(viewer, student.instructorId),
    });
    const page = toPage(rows, position, { listing, keysOf: ({ at, id }) => [at, id] });
    return {
      ...page,
      data: page.data.map(({ kind, details, ...row }) => ({
        ...row,
        kind: kind === null ? 'band_changed' : `intervention_${kind}`,
        title: titleOf({ band: row.band, kind, details }),
        note: row.note === '' ? null : row.note,
      })),
    };
  }
}
