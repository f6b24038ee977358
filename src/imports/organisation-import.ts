import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import {
  type AchievementRow,
  type CategoryRow,
  type DepartmentRow,
  ImportsRepository,
  type ModuleRow,
  type PersonRow,
  type PlacementRow,
  type ProfileRow,
  type UnlockedRow,
} from './imports.repository.js';

export interface Organisation {
  /** Parents before their children. */
  readonly departments: readonly DepartmentRow[];
  readonly people: readonly PersonRow[];
  /** Supervisors before those they supervise. */
  readonly profiles: readonly ProfileRow[];
  readonly placements: readonly PlacementRow[];
  readonly categories: readonly CategoryRow[];
  readonly modules: readonly ModuleRow[];
  readonly achievements?: readonly AchievementRow[];
  readonly unlocked?: readonly UnlockedRow[];
}

const rowsPerStatement = 5_000;

/** Who and what there is: written completely or not at all, and only where it is not there yet. */
@Injectable()
export class OrganisationImport {
  constructor(
    private readonly database: Database,
    private readonly repository: ImportsRepository,
    private readonly clock: Clock,
  ) {}

  async fill(tenantId: string, organisation: Organisation): Promise<void> {
    const now = this.clock.now();
    await this.database.transaction(async () => {
      await this.repository.insertDepartments(tenantId, organisation.departments);
      for (const people of chunks(organisation.people)) await this.repository.insertPeople(tenantId, people, now);
      await this.repository.insertProfiles(tenantId, organisation.profiles);
      for (const placed of chunks(organisation.placements)) await this.repository.placeStudents(tenantId, placed);
      await this.repository.insertCategories(tenantId, organisation.categories);
      await this.repository.insertModules(tenantId, organisation.modules);
      await this.repository.insertAchievements(tenantId, organisation.achievements ?? []);
      await this.repository.insertUnlocked(tenantId, organisation.unlocked ?? []);
    });
    await this.repository.analyzePeople();
  }

  /** After the histories. Those who left keep theirs and take no more part. */
  async settle(tenantId: string, left: readonly string[]): Promise<void> {
    await this.repository.deactivate(tenantId, left);
    await this.repository.analyzeHistories();
  }
}

function chunks<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / rowsPerStatement);
  return Array.from({ length: count }, (_, i) => rows.slice(i * rowsPerStatement, (i + 1) * rowsPerStatement));
}
