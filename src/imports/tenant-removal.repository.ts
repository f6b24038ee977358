import { Injectable } from '@nestjs/common';
import { OwnerDatabase } from '../database/owner-database.js';

interface TenantTable {
  readonly name: string;
  readonly key: string;
  /** Tables with foreign keys to this one. */
  readonly referencedBy: string[];
}

/** Takes a tenant away without a trace. Only the demo does: it makes its own tenants anew on every day. */
@Injectable()
export class TenantRemovalRepository {
  constructor(private readonly database: OwnerDatabase) {}

  /** Whatever tables there are, in one transaction, as the owner of the tables. */
  remove(tenantId: string): Promise<void> {
    return this.database.transaction(async () => {
      await this.database.run(
        `-- imports.allowRemoval
        select set_config('app.removed_tenant', $1, true)`,
        [tenantId],
      );
      for (const { name, key } of childrenFirst(await this.listTables())) {
        await this.database.run(
          `-- imports.removeTenant
          delete from ${name} where ${key} = $1`,
          [tenantId],
        );
      }
    });
  }

  private listTables(): Promise<TenantTable[]> {
    return this.database.many<TenantTable>(
      `-- imports.listTenantTables
      select t.oid::regclass::text as name, a.attname as key,
        array(
          select distinct f.conrelid::regclass::text from pg_constraint f
          where f.contype = 'f' and f.confrelid = t.oid and f.conrelid <> t.oid and f.conparentid = 0
        ) as "referencedBy"
      from pg_class t
      join pg_attribute a on a.attrelid = t.oid
        and a.attname = case when t.oid = 'tenants'::regclass then 'id' else 'tenant_id' end
      where t.relnamespace = (select relnamespace from pg_class where oid = 'tenants'::regclass)
        and t.relkind in ('r', 'p') and not t.relispartition`,
    );
  }
}

function childrenFirst(tables: readonly TenantTable[]): TenantTable[] {
  const order = new Set<TenantTable>();
  const visit = (table: TenantTable | undefined): void => {
    if (table === undefined || order.has(table)) return;
    for (const child of table.referencedBy) visit(tables.find(({ name }) => name === child));
    order.add(table);
  };
  for (const table of tables) visit(table);
  return [...order];
}
