import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';

export interface Category {
  readonly id: string;
  readonly code: string;
  readonly title: string;
  readonly position: number;
  readonly isActive: boolean;
  readonly version: number;
}

export interface CategoryFilter {
  readonly isActive?: boolean;
  readonly search?: string;
}

/** All rows that match are counted, up to `limit + 1` of them are answered. */
export interface Listed<T> {
  readonly total: number;
  readonly data: T[];
}

const columns = `id, code, title, position, is_active as "isActive", version`;

@Injectable()
export class CategoriesRepository {
  constructor(private readonly database: Database) {}

  /** In the tenant's own order; codes are unique. */
  list(tenantId: string, { isActive, search }: CategoryFilter, position: Position): Promise<Listed<Category>> {
    return this.database.read().one<Listed<Category>>(
      `-- activity.listCategories
      with matching as materialized (
        select ${columns} from categories
        where tenant_id = $1 and ($2::boolean is null or is_active = $2)
          and ($3::text is null or position(fold($3) in fold(code || ' ' || title)) > 0)
      )
      select (select count(*) from matching) as total,
        coalesce((select json_agg(row) from (
          select * from matching
          where $4::integer is null or (position, code) > ($4, $5)
          order by position, code limit $6 offset $7
        ) as row), '[]') as data`,
      [
        tenantId,
        isActive ?? null,
        search ?? null,
        position.after?.[0] ?? null,
        position.after?.[1] ?? null,
        position.limit + 1,
        position.offset,
      ],
    );
  }

  find(tenantId: string, id: string): Promise<Category | null> {
    return this.database.maybeOne<Category>(
      `-- activity.findCategory
      select ${columns} from categories where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
  }

  /** The row as it is until the transaction ends. */
  lock(tenantId: string, id: string): Promise<Category | null> {
    return this.database.maybeOne<Category>(
      `-- activity.lockCategory
      select ${columns} from categories where tenant_id = $1 and id = $2 for no key update`,
      [tenantId, id],
    );
  }

  /** @returns null when there is one with this id already */
  insert(tenantId: string, category: Omit<Category, 'isActive' | 'version'>): Promise<Category | null> {
    const { id, code, title, position } = category;
    return this.database.maybeOne<Category>(
      `-- activity.insertCategory
      insert into categories (tenant_id, id, code, title, position) values ($1, $2, $3, $4, $5)
      on conflict (tenant_id, id) do nothing
      returning ${columns}`,
      [tenantId, id, code, title, position],
    );
  }

  update(tenantId: string, { id, code, title, position, isActive }: Category): Promise<Category> {
    return this.database.one<Category>(
      `-- activity.updateCategory
      update categories set code = $3, title = $4, position = $5, is_active = $6, version = version + 1
      where tenant_id = $1 and id = $2
      returning ${columns}`,
      [tenantId, id, code, title, position, isActive],
    );
  }
}
