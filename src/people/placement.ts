import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { Rosters } from '../students/rosters.service.js';
import { type Assignment, StudentsRepository } from '../students/students.repository.js';

/** Where students belong and with whom, each change an entry of their history. */
@Injectable()
export class Placement {
  constructor(
    private readonly students: StudentsRepository,
    private readonly progress: ProgressRepository,
    private readonly rosters: Rosters,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Comes before any lock on the students' rows in `users`, as in ingestion, which holds a student's progress when it
   * refers to the person. Who is no student is passed over.
   */
  async lock(tenantId: string, userIds: readonly string[]): Promise<void> {
    await this.progress.lockAll(tenantId, userIds);
  }

  /** @throws Problem 422 */
  async demandInstructor(tenantId: string, instructorId: string | null): Promise<void> {
    if (instructorId === null || (await this.students.isInstructor(tenantId, instructorId))) return;
    throw Problem.unprocessable('instructor_not_found', 'There is no such active instructor.', '/instructorId');
  }

  /** Before students move whose instructor changes with it: neither of the two has to fit both departments. */
  async release(tenantId: string, studentIds: readonly string[]): Promise<void> {
    await this.students.release(tenantId, studentIds);
  }

  /** After the students have moved. */
  async assign(tenantId: string, assignments: readonly Assignment[]): Promise<void> {
    await this.rosters.enter(tenantId, assignments);
  }

  /** Of a duplicate. @returns the tenant's local day, asked while the student is locked */
  async endHistory(tenantId: string, studentId: string): Promise<Moment> {
    await this.students.closeRosterEntries(tenantId, [studentId], this.clock.now());
    return this.tenants.moment(tenantId);
  }

  lockRoster(tenantId: string, instructorId: string): Promise<string[]> {
    return this.students.lockRoster(tenantId, instructorId);
  }
}
