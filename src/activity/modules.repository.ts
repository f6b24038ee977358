import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Listed } from './categories.repository.js';

/** Something to practise. */
export interface LearningModule {
  readonly id: string;
  readonly categoryId: string;
  readonly code: string;
  readonly title: string;
  readonly kind: string;
  readonly difficulty: string;
  readonly isActive: boolean;
  readonly version: number;
}

export interface ModuleFilter {
  readonly kind?: string;
  readonly categoryId?: string;
  readonly isActive?: boolean;
  readonly search?: string;
}

const columns = `id, category_id as "categoryId", code, title, kind, difficulty, is_active as "isActive", version`;

@Injectable()
export class ModulesRepository {
  constructor(private readonly database: Database) {}

  /** By code, which is unique. */
  list(tenantId: string, filter: ModuleFilter, position: Position): Promise<Listed<LearningModule>> {
    const { kind, categoryId, isActive, search } = filter;
    return this.database.read().one<Listed<LearningModule>>(
      `-- activity.listModules
      with matching as materialized (
        select ${columns} from modules
        where tenant_id = $1 and ($2::text is null or kind = $2) and ($3::uuid is null or category_id = $3)
          and ($4::boolean is null or is_active = $4)
          and ($5::text is null or position(fold($5) in fold(code || ' ' || title)) > 0)
      )
      select (select count(*) from matching) as total,
        coalesce((select json_agg(row) from (
          select * from matching where $6::text is null or code > $6 order by code limit $7 offset $8
        ) as row), '[]') as data`,
      [
        tenantId,
        kind ?? null,
        categoryId ?? null,
        isActive ?? null,
        search ?? null,
        position.after?.[0] ?? null,
        position.limit + 1,
        position.offset,
      ],
    );
  }

  find(tenantId: string, id: string): Promise<LearningModule | null> {
    return this.database.maybeOne<LearningModule>(
      `-- activity.findModule
      select ${columns} from modules where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
  }

  /** The row as it is until the transaction ends. */
  lock(tenantId: string, id: string): Promise<LearningModule | null> {
    return this.database.maybeOne<LearningModule>(
      `-- activity.lockModule
      select ${columns} from modules where tenant_id = $1 and id = $2 for no key update`,
      [tenantId, id],
    );
  }

  /** The same, and nothing new can refer to it meanwhile. */
  lockForDelete(tenantId: string, id: string): Promise<LearningModule | null> {
    return this.database.maybeOne<LearningModule>(
      `-- activity.lockModuleForDelete
      select ${columns} from modules where tenant_id = $1 and id = $2 for update`,
      [tenantId, id],
    );
  }

  /** @returns how many were deleted: 0 where something refers to it */
  delete(tenantId: string, id: string): Promise<number> {
    return this.database.run(
      `-- activity.deleteModule
      delete from modules m
      where m.tenant_id = $1 and m.id = $2
        and not exists (select from assignment_modules a where a.tenant_id = $1 and a.module_id = $2)
        and not exists (select from sessions s where s.tenant_id = $1 and s.module_id = $2)`,
      [tenantId, id],
    );
  }

  /** @returns null when there is one with this id already */
  insert(tenantId: string, module: Omit<LearningModule, 'isActive' | 'version'>): Promise<LearningModule | null> {
    const { id, categoryId, code, title, kind, difficulty } = module;
    return this.database.maybeOne<LearningModule>(
      `-- activity.insertModule
      insert into modules (tenant_id, id, category_id, code, title, kind, difficulty)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (tenant_id, id) do nothing
      returning ${columns}`,
      [tenantId, id, categoryId, code, title, kind, difficulty],
    );
  }

  update(tenantId: string, module: LearningModule): Promise<LearningModule> {
    const { id, categoryId, code, title, kind, difficulty, isActive } = module;
    return this.database.one<LearningModule>(
      `-- activity.updateModule
      update modules set category_id = $3, code = $4, title = $5, kind = $6, difficulty = $7, is_active = $8,
        version = version + 1
      where tenant_id = $1 and id = $2
      returning ${columns}`,
      [tenantId, id, categoryId, code, title, kind, difficulty, isActive],
    );
  }
}
