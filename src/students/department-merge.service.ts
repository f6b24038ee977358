import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { DepartmentsService, refuseMisplaced } from '../org/departments.service.js';
import { DepartmentMerged } from './department-merge.dto.js';
import { InheritanceRepository } from './inheritance.repository.js';
import { Rosters } from './rosters.service.js';

/** More would not fit into one transaction of a few seconds. */
const mostStudents = 3_000;

@Injectable()
export class DepartmentMerge {
  constructor(
    private readonly database: Database,
    private readonly departments: DepartmentsService,
    private readonly inheritance: InheritanceRepository,
    private readonly rosters: Rosters,
    private readonly cache: Cache,
  ) {}

  /**
   * @param version of the merged one that the client has read; undefined where it does not mind
   * @throws Problem 404, 409 where students would lose their instructor, 412, 422 where the other cannot take it over
   */
  merge(viewer: Viewer, id: string, intoId: string, dryRun: boolean, version?: number): Promise<DepartmentMerged> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const { source, misplaced, occupants } = await this.departments.planMerge(tenantId, { id, intoId, version });
      const answer = { id, intoId, dryRun, ...occupants, misplaced };
      if (dryRun) return answer;
      refuseMisplaced(misplaced);
      if (occupants.students > mostStudents) {
        const detail = `More than ${mostStudents} students cannot move at once; move some of them first.`;
        throw new Problem(422, 'department_too_large', { detail });
      }
      // before their rows in users, as everybody does who needs both
      const students = await this.inheritance.lockDepartment(tenantId, id);
      await this.departments.merge(viewer, source, intoId);
      await this.rosters.enter(tenantId, students);
      const tags = students.flatMap(({ studentId, instructorId }) => [
        `student:${studentId}`,
        `roster:${instructorId}`,
      ]);
      await this.database.afterCommit(() => this.cache.bump([...new Set(tags)]));
      return answer;
    });
  }
}
