import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { withChange } from './changes.js';
import {
  ChangeDepartment,
  CreateDepartment,
  DepartmentChange,
  DepartmentResponse,
  Misplaced,
} from './departments.dto.js';
import { Department, DepartmentsRepository, Occupants } from './departments.repository.js';
import { ThresholdsService } from './thresholds.service.js';
import { organisationTags } from './organisation-tags.js';

@Injectable()
export class DepartmentsService {
  constructor(
    private readonly database: Database,
    private readonly departments: DepartmentsRepository,
    private readonly thresholds: ThresholdsService,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** As this viewer may see it. @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<DepartmentResponse> {
    const [department] = await this.departments.listVisible(viewer, { id });
    if (!department) throw Problem.notFound('department');
    return department;
  }

  /** Answers what is there when the client's id is known and says the same. @throws Problem 409 when it says otherwise */
  async create(viewer: Viewer, { id = uuidv7(), ...fields }: CreateDepartment): Promise<DepartmentResponse> {
    const { tenantId } = viewer;
    const wanted = { ...fields, id };
    const create = async (): Promise<void> => {
      const [created] = await this.departments.insert(tenantId, [wanted], this.clock.now());
      if (created) {
        const before = { riskThreshold: null, topPerformerThreshold: null };
        await this.thresholds.follow(viewer, { departmentId: id }, { before, after: created });
        return this.record(viewer, 'department.created', null, created);
      }
      const known = await this.departments.find(tenantId, id);
      if (!known || withChange(known, wanted) !== known) {
        throw Problem.conflict('department_id_taken', 'Another department has this id.', '/id');
      }
    };
    await insertTwice(() => this.database.transaction(create));
    return this.get(viewer, id);
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 404, 409 where students would lose their instructor, 412 for another version, 422 for a circle
   */
  change(
    viewer: Viewer,
    id: string,
    change: ChangeDepartment,
    dryRun: boolean,
    version?: number,
  ): Promise<DepartmentChange> {
    const { tenantId } = viewer;
    const work = async (): Promise<DepartmentChange> => {
      const before = await this.lock(tenantId, id, version);
      const wanted = withChange(before, change);
      const moves = wanted.parentId !== before.parentId;
      const misplaced = await this.misplacedBy(
        tenantId,
        before,
        moves ? await this.pathOf(tenantId, wanted.parentId) : null,
      );
      if (!dryRun) refuseMisplaced(misplaced);
      const after = wanted === before ? before : await this.departments.update(tenantId, wanted);
      const changed = await this.thresholds.follow(viewer, { departmentId: id }, { before, after });
      const effect = moves ? await this.thresholds.followTree(tenantId, id) : changed;
      if (after !== before) await this.record(viewer, moves ? 'department.moved' : 'department.changed', before, after);
      return { ...(await this.get(viewer, id)), dryRun, misplaced, effect };
    };
    return dryRun ? this.database.rehearse(work) : this.database.transaction(work);
  }

  /** @throws Problem 404, 409 while there are active people or departments in it, 412 */
  close(viewer: Viewer, id: string, version?: number): Promise<DepartmentResponse> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.lock(tenantId, id, version);
      if (before.isActive) {
        const { students, staff, departments } = await this.departments.countOccupants(tenantId, id, {
          onlyActive: true,
        });
        if (students + staff + departments > 0) {
          const left = `${students} students, ${staff} others and ${departments} departments`;
          const detail = `There are still active ${left} in it; move them or merge it.`;
          throw Problem.conflict('department_in_use', detail);
        }
        const after = await this.departments.update(tenantId, { ...before, isActive: false });
        await this.record(viewer, 'department.deactivated', before, after);
      }
      return this.get(viewer, id);
    });
  }

  /** @throws Problem 404, 409 for one that was merged, 412, 422 below one that is not active */
  open(viewer: Viewer, id: string, version?: number): Promise<DepartmentResponse> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.lock(tenantId, id, version);
      if (before.mergedIntoId) throw Problem.conflict('department_merged', 'It was merged into another department.');
      if (!before.isActive) {
        const after = await this.departments.update(tenantId, { ...before, isActive: true });
        await this.record(viewer, 'department.activated', before, after);
      }
      return this.get(viewer, id);
    });
  }

  /**
   * What would have to move if one department were merged into another; the tree is locked.
   * @throws Problem 404, 409 for one that was merged before, 412, 422 where the other cannot take it over
   */
  async planMerge(
    tenantId: string,
    { id, intoId, version }: { readonly id: string; readonly intoId: string; readonly version?: number },
  ): Promise<{ source: Department; misplaced: Misplaced; occupants: Occupants }> {
    const source = await this.lock(tenantId, id, version);
    if (source.mergedIntoId) throw Problem.conflict('department_merged', 'It was merged into another department.');
    const target = await this.departments.find(tenantId, intoId);
    if (!target) throw targetRefused('department_unknown', 'There is no such department.');
    if (!target.isActive) throw targetRefused('department_inactive', 'The department is closed.');
    if (target.path.includes(id)) {
      throw targetRefused('department_below_itself', 'A department cannot be merged into itself or one below it.');
    }
    const misplaced = await this.misplacedBy(tenantId, source, target.path);
    return { source, misplaced, occupants: await this.departments.countOccupants(tenantId, id) };
  }

  /** Moves everything and everybody in it, and closes it for good. The plan was good, and the students are locked. */
  async merge(viewer: Viewer, source: Department, intoId: string): Promise<void> {
    const { tenantId } = viewer;
    await this.departments.moveOccupants(tenantId, source.id, intoId);
    const after = await this.departments.update(tenantId, { ...source, isActive: false, mergedIntoId: intoId });
    await this.thresholds.followTree(tenantId, intoId);
    await this.record(viewer, 'department.merged', source, after);
  }

  /** Locks the tree for the transaction. @throws Problem 404, 412 */
  private async lock(tenantId: string, id: string, version?: number): Promise<Department> {
    await this.departments.lockTree(tenantId);
    const department = await this.departments.find(tenantId, id);
    if (!department) throw Problem.notFound('department');
    if (version !== undefined && version !== department.version) throw Problem.versionMismatch();
    return department;
  }

  /** Whose instructor would be of no department above theirs, if `path` led to them in place of the present one. */
  private async misplacedBy(
    tenantId: string,
    { id, path }: Department,
    newPath: readonly string[] | null,
  ): Promise<Misplaced> {
    const lost = newPath === null ? [] : path.filter((step) => step !== id && !newPath.includes(step));
    return lost.length > 0 ? this.departments.findMisplaced(tenantId, id, lost) : { students: 0, studentIds: [] };
  }

  /** Audits a change, and has everybody read anew. */
  private async record(viewer: Viewer, action: string, before: Department | null, after: Department): Promise<void> {
    await this.audit.record(viewer, { action, targetType: 'department', targetId: after.id, before, after });
    await this.database.afterCommit(() => this.cache.bump(organisationTags(viewer.tenantId)));
  }

  /** An unknown parent is refused by its foreign key. */
  private async pathOf(tenantId: string, departmentId: string | null): Promise<readonly string[]> {
    return departmentId === null ? [] : ((await this.departments.find(tenantId, departmentId))?.path ?? []);
  }
}

/** @throws Problem 409 naming the students by their ids */
export function refuseMisplaced({ students, studentIds }: Misplaced): void {
  if (students === 0) return;
  const code = 'instructor_department_mismatch';
  const detail = `The instructors of ${students} students would be of no department above theirs; reassign them first.`;
  const errors = studentIds.map((id) => ({ pointer: '', code, detail: id }));
  throw new Problem(409, code, { detail, errors });
}

function targetRefused(code: string, detail: string): Problem {
  return Problem.unprocessable(code, detail, '/intoId');
}
