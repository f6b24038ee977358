import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface Department {
  readonly id: string;
  readonly parentId: string | null;
  readonly code: string;
  readonly name: string;
  /** Ids from the root to this department, both included. */
  readonly path: readonly string[];
  readonly isActive: boolean;
}

export type NewDepartment = Pick<Department, 'id' | 'parentId' | 'code' | 'name'>;

const columns = 'id, parent_id as "parentId", code, name, path, is_active as "isActive"';

@Injectable()
export class DepartmentsRepository {
  constructor(private readonly database: Database) {}

  find(tenantId: string, departmentId: string): Promise<Department | null> {
    return this.database.maybeOne<Department>(
      `-- org.findDepartment
      select ${columns} from departments where tenant_id = $1 and id = $2`,
      [tenantId, departmentId],
    );
  }

  /** The whole tree, every department after those above it. */
  list(tenantId: string): Promise<Department[]> {
    return this.database.many<Department>(
      `-- org.listDepartments
      select ${columns} from departments where tenant_id = $1 order by cardinality(path), code`,
      [tenantId],
    );
  }

  /** Any number in one statement, each after the one above it. */
  insert(tenantId: string, departments: readonly NewDepartment[], now: Date): Promise<number> {
    return this.database.run(
      `-- org.insertDepartments
      insert into departments (tenant_id, id, parent_id, code, name, created_at)
      select $1, id, parent_id, code, name, $6
      from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) with ordinality
        as new (id, parent_id, code, name, position)
      order by position`,
      [
        tenantId,
        departments.map(({ id }) => id),
        departments.map(({ parentId }) => parentId),
        departments.map(({ code }) => code),
        departments.map(({ name }) => name),
        now,
      ],
    );
  }
}
