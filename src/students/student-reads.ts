import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { JsonBytes } from '../http/answer.js';
import { positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { organisationTag } from '../org/organisation-tags.js';
import { TenantsService } from '../org/tenants.service.js';
import { SegmentsRepository } from './segments.repository.js';
import {
  delegationOf,
  Filter,
  filterOf,
  rostersOf,
  scopeOf,
  StudentListQuery,
  type StudentSort,
} from './student-filter.js';
import { StudentListRepository } from './student-list.repository.js';
import { StudentDetail, StudentRow } from './students.dto.js';
import { StudentsRepository } from './students.repository.js';

const listSeconds = 60;
const detailSeconds = 180;

/** Reads of students, from the cache where it has them. */
@Injectable()
export class StudentReads {
  constructor(
    private readonly students: StudentsRepository,
    private readonly lists: StudentListRepository,
    private readonly segments: SegmentsRepository,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
    private readonly audit: AuditRecorder,
  ) {}

  async list(viewer: Viewer, query: StudentListQuery): Promise<JsonBytes> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const { sort, order = sort === 'name' ? 'asc' : 'desc' } = query;
    const filter = await this.filterMeant(viewer, query);
    const showsRisk = await this.showsRisk(viewer);
    if (!showsRisk) refuseRisk(filter, sort);
    const listing = { scope: [scopeKey(viewer), filter, sort, order], keys: this.lists.cursorKinds(sort) };
    const position = positionOf(query, listing);
    const key = `students.list ${showsRisk} ${JSON.stringify([listing.scope, position])}`;
    const options = { tags: scopeTags(viewer), lifetimeSeconds: listSeconds, day: moment.today };
    return this.cache.bytes(key, options, async () => {
      const [rows, count] = await Promise.all([
        this.lists.list(viewer, filter, { sort, order, moment, showsRisk }, position),
        position.page === undefined ? undefined : this.lists.count(viewer, filter, moment),
      ]);
      const page = toPage(rows, position, {
        listing,
        keysOf: (row) => this.lists.cursorOf(sort, row),
        total: count?.total,
        totalIsEstimate: count?.isEstimate,
      });
      return { ...page, data: page.data.map(({ nameSort: _, scoreBucket: __, ...row }): StudentRow => row) };
    });
  }

  async detail(viewer: Viewer, studentId: string): Promise<JsonBytes> {
    const moment = await this.tenants.moment(viewer.tenantId);
    const tags = [`student:${studentId}`, ...scopeTags(viewer)];
    const showsRisk = await this.showsRisk(viewer);
    const key = `students.detail ${showsRisk} ${scopeKey(viewer)} ${studentId}`;
    const options = { tags, lifetimeSeconds: detailSeconds, day: moment.today };
    const detail = await this.cache.bytes(key, options, async () => {
      const found = await this.students.findDetail(viewer, studentId, moment, showsRisk);
      if (!found) throw Problem.notFound('student');
      return found;
    });
    if (viewer.userId !== studentId) {
      const entry = { action: 'student.viewed', targetType: 'student', targetId: studentId };
      await this.audit.recordRead(
        viewer,
        viewer.rosters?.length ? { ...entry, after: reachOf(viewer, detail) } : entry,
      );
    }
    return detail;
  }

  /** To students it is the tenant's to say. */
  async showsRisk({ role, tenantId }: Viewer): Promise<boolean> {
    return role !== 'student' || (await this.tenants.get(tenantId)).studentsSeeRisk;
  }

  /** What a query says, and what the segment it names says where the query does not. @throws Problem 404 */
  async filterMeant(viewer: Viewer, query: Filter & { readonly segmentId?: string }): Promise<Filter> {
    if (query.segmentId === undefined) return filterOf(query);
    const segment = await this.segments.find(viewer, query.segmentId);
    if (!segment) throw Problem.notFound('segment');
    return filterOf({ ...segment.filter, ...filterOf(query) });
  }
}

/** Whether one is in a list says as much as a figure in it. @throws Problem 403 */
function refuseRisk({ band, status }: Filter, sort: StudentSort): void {
  if (band === undefined && status !== 'atRisk' && sort !== 'risk') return;
  throw new Problem(403, 'risk_hidden', { detail: 'This organisation does not show students their risk.' });
}

/** Only of a substitute, because it costs reading the answer. */
function reachOf(viewer: Viewer, { body }: JsonBytes): object | undefined {
  return delegationOf(viewer, (JSON.parse(body.toString()) as StudentDetail).instructorId);
}

/** Viewers with the same scope are shown the same. */
export function scopeKey(viewer: Viewer): string {
  const { tenantId, userId, departmentId, rosters = [] } = viewer;
  const scope = scopeOf(viewer);
  const of = {
    own: () => userId,
    roster: () => rostersOf(viewer).join(' '),
    departments: () => (rosters.length > 0 ? `${departmentId} ${rostersOf(viewer).join(' ')}` : departmentId),
    // may not filter by cases
    tenant: () => (viewer.role === 'service' ? 'service' : ''),
  }[scope]();
  return `${tenantId} ${scope} ${of}`;
}

/** The tags of which every write within a scope bumps one. */
export function scopeTags(viewer: Viewer): string[] {
  const scope = scopeOf(viewer);
  const organisation = organisationTag(viewer.tenantId);
  if (scope === 'own') return [organisation, `student:${viewer.userId}`];
  return scope === 'roster'
    ? [organisation, ...rostersOf(viewer).map((id) => `roster:${id}`)]
    : [`tenant:${viewer.tenantId}`];
}
