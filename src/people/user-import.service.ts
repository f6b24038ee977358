import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { readCsvFile } from '../http/csv-file.js';
import type { Viewer } from '../http/viewer.js';
import { DepartmentsRepository } from '../org/departments.repository.js';
import { TenantsService } from '../org/tenants.service.js';
import { ImportPlanner, isUnchanged, type Knowledge, type RowPlan } from './user-import.plan.js';
import { UserImportWriter } from './user-import.writer.js';
import type { ImportedRow, ImportUsersQuery, ImportUsersResponse } from './user-imports.dto.js';
import { UserImportsRepository } from './user-imports.repository.js';
import { userFile } from './user-file.js';
import { findRepeated, readRow, type UserRow } from './user-row.js';

/** Whoever sends the same people at the same time waits for one chunk: shorter than locks are waited for. */
const chunkRows = 500;

type Taken = ReadonlyMap<string, number>;
type ImportCounts = Pick<ImportUsersResponse, 'created' | 'updated' | 'unchanged' | 'failed'>;

/** Takes everything back that a transaction has written. */
class Undone extends Error {}

interface Import extends ImportUsersQuery {
  readonly viewer: Viewer;
  readonly today: string;
}

@Injectable()
export class UserImportService {
  constructor(
    private readonly database: Database,
    private readonly imports: UserImportsRepository,
    private readonly departments: DepartmentsRepository,
    private readonly writer: UserImportWriter,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
  ) {}

  /**
   * Creates and changes people as a file says, row by row or all or none. Importing the same file again changes nothing.
   * @throws Problem for a file that cannot be read; a row at fault is a result
   */
  async import(viewer: Viewer, file: unknown, query: ImportUsersQuery): Promise<ImportUsersResponse> {
    const results: ImportedRow[] = [];
    const rows = (await readCsvFile(file, userFile)).flatMap((cells, index) => {
      const read = readRow(index + 1, cells);
      if (!Array.isArray(read)) return [read];
      results[index] = { row: index + 1, status: 'failed', errors: read };
      return [];
    });
    const repeated = findRepeated(rows);
    for (const [row, error] of repeated) results[row - 1] = { row, status: 'failed', errors: [error] };

    const { dryRun, mode } = query;
    const scope: Import = { ...query, viewer, today: await this.tenants.today(viewer.tenantId) };
    const good = rows.filter(({ row }) => !repeated.has(row));
    const applied =
      mode === 'bestEffort' && !dryRun
        ? await this.takeEach(scope, good, results)
        : await this.takeAll(scope, good, results);
    // who was not created has no id
    const shown = results.map(({ id, ...rest }) => (applied || rest.status !== 'created' ? { id, ...rest } : rest));
    return { dryRun, mode, applied, ...countsOf(results), results: shown };
  }

  /** What is good, chunk by chunk. */
  private async takeEach(scope: Import, rows: readonly UserRow[], results: ImportedRow[]): Promise<boolean> {
    let taken: Taken = new Map();
    for (const chunk of chunksOf(rows)) {
      taken = await insertTwice(() => this.database.transaction(() => this.takeChunk(scope, chunk, taken, results)));
    }
    await this.database.transaction(() => this.recordImport(scope, results));
    return true;
  }

  /** All, or none where one is at fault or nobody is to be. */
  private async takeAll(scope: Import, rows: readonly UserRow[], results: ImportedRow[]): Promise<boolean> {
    const take = async (): Promise<void> => {
      let taken: Taken = new Map();
      for (const chunk of chunksOf(rows)) taken = await this.takeChunk(scope, chunk, taken, results);
      // tried for true and taken back: nothing else would tell as well what is going to happen
      if (scope.dryRun || results.some(({ status }) => status === 'failed')) throw new Undone();
      await this.recordImport(scope, results);
    };
    try {
      await insertTwice(() => this.database.transaction(take));
      return true;
    } catch (error) {
      if (error instanceof Undone) return false;
      throw error;
    }
  }

  /** @returns who has been taken by now */
  private async takeChunk(
    { viewer, today, invite }: Import,
    rows: readonly UserRow[],
    before: Taken,
    results: ImportedRow[],
  ): Promise<Taken> {
    await this.imports.discardPlans();
    const taken = new Map(before);
    const terms = { byService: viewer.role === 'service', today };
    const planner = new ImportPlanner(await this.learn(viewer.tenantId, rows), terms, taken);
    const plans: RowPlan[] = [];
    for (const one of rows) {
      const { row } = one;
      const plan = planner.plan(one);
      if (Array.isArray(plan)) results[row - 1] = { row, status: 'failed', errors: plan };
      else if (isUnchanged(plan)) results[row - 1] = { row, status: 'unchanged', id: plan.after.id };
      else {
        results[row - 1] = { row, status: plan.before ? 'updated' : 'created', id: plan.after.id };
        plans.push(plan);
      }
    }
    if (plans.length > 0) await this.writer.write(viewer, plans, invite);
    return taken;
  }

  private async learn(tenantId: string, rows: readonly UserRow[]): Promise<Knowledge> {
    const said = (column: 'pid' | 'email' | 'instructor'): string[] => rows.flatMap((row) => row[column] ?? []);
    const people = await this.imports.listPeople(tenantId, said('pid'), said('email'));
    const names = [...new Set(said('instructor'))];
    const ids = [...new Set(people.flatMap(({ instructorId }) => instructorId ?? []))];
    const instructors = await this.imports.listInstructors(tenantId, names, ids);
    const moving = people.filter(({ role }) => role === 'instructor').map(({ id }) => id);
    const rosters = moving.length > 0 ? await this.imports.listRosterDepartments(tenantId, moving) : [];
    return { people, instructors, rosters, departments: await this.departments.list(tenantId) };
  }

  private recordImport({ viewer, mode }: Import, results: readonly ImportedRow[]): Promise<void> {
    const after = { mode, ...countsOf(results) };
    return this.audit.record(viewer, { action: 'users.imported', targetType: 'user', after });
  }
}

/** Whoever can be an instructor before whoever can have one. */
function chunksOf(rows: readonly UserRow[]): UserRow[][] {
  const chunks: UserRow[][] = [];
  for (const isStudent of [false, true]) {
    const list = rows.filter(({ role }) => (role === 'student') === isStudent);
    for (let from = 0; from < list.length; from += chunkRows) chunks.push(list.slice(from, from + chunkRows));
  }
  return chunks;
}

function countsOf(results: readonly ImportedRow[]): ImportCounts {
  const counts = { created: 0, updated: 0, unchanged: 0, failed: 0 };
  for (const { status } of results) counts[status]++;
  return counts;
}
