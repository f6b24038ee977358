import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { departmentScope } from './department-scope.js';
import { instructorScope } from './instructors.repository.js';
import type { ThresholdChangeResponse, ThresholdEffect, ThresholdsResponse } from './thresholds.dto.js';

export interface Thresholds {
  readonly riskThreshold: number | null;
  readonly topPerformerThreshold: number | null;
}

/** Whose thresholds: a department's, an instructor's, or, where neither is named, the tenant's. */
export interface ThresholdOwner {
  readonly departmentId?: string;
  readonly instructorId?: string;
}

export interface ThresholdChange {
  readonly id: string;
  readonly before: Thresholds;
  readonly after: Thresholds;
  readonly note: string;
}

interface OwnerSql {
  readonly table: string;
  /** Finds the owner's row in the table, by its id as `$2`. */
  readonly isOwner: string;
  /** On `threshold_changes c` beside `c.tenant_id = $1`. */
  readonly isChange: string;
}

const owners: Readonly<Record<'tenant' | 'department' | 'instructor', OwnerSql>> = {
  tenant: {
    table: 'tenants',
    isOwner: 'id = $1 and $2::uuid is null',
    isChange: 'c.department_id is null and c.instructor_id is null and $2::uuid is null',
  },
  department: { table: 'departments', isOwner: 'tenant_id = $1 and id = $2', isChange: 'c.department_id = $2' },
  instructor: {
    table: 'instructor_profiles',
    isOwner: 'tenant_id = $1 and user_id = $2',
    isChange: 'c.instructor_id = $2',
  },
};
const columns = 'risk_threshold as "riskThreshold", top_performer_threshold as "topPerformerThreshold"';

export const kindOf = ({ departmentId, instructorId }: ThresholdOwner): keyof typeof owners =>
  departmentId !== undefined ? 'department' : instructorId !== undefined ? 'instructor' : 'tenant';
const idOf = ({ departmentId, instructorId }: ThresholdOwner): string | null => departmentId ?? instructorId ?? null;

interface Reach {
  readonly sql: string;
  readonly parameters: unknown[];
}

/**
 * Whether an owner is this viewer's to see, or to change. A tenant's are everybody's to see; who may change them, the
 * permission says.
 */
function reach(viewer: Viewer, owner: ThresholdOwner, wanted: 'see' | 'change'): Reach {
  const { tenantId } = viewer;
  if (owner.departmentId !== undefined) {
    const { visible, within, parameters } = departmentScope(viewer);
    const own = wanted === 'change' ? `and ${within}` : '';
    const id = `$${parameters.push(owner.departmentId)}`;
    const sql = `exists (select from departments d where d.tenant_id = $1 and ${visible} ${own} and d.id = ${id})`;
    return { sql, parameters };
  }
  if (owner.instructorId === undefined) return { sql: 'true', parameters: [tenantId] };
  const { visible, within, parameters } = instructorScope(viewer);
  const sql = `exists (
    select from instructor_profiles i
    join users u on u.tenant_id = $1 and u.id = i.user_id
    join departments d on d.tenant_id = $1 and d.id = u.department_id
    where i.tenant_id = $1 and ${visible} and ${within} and i.user_id = $${parameters.push(owner.instructorId)})`;
  return { sql, parameters };
}

/** The nearest that sets one. */
const nearest = (column: string): string => `(
  select json_build_object('value', l.${column}, 'from', l.kind, 'id', l.id, 'name', l.name)
  from level l where l.${column} is not null order by l.depth desc limit 1
)`;

@Injectable()
export class ThresholdsRepository {
  constructor(private readonly database: Database) {}

  /** What an owner has and inherits; null where that is not this viewer's to see. */
  find(viewer: Viewer, owner: ThresholdOwner): Promise<ThresholdsResponse | null> {
    const { sql, parameters } = reach(viewer, owner, 'see');
    const departmentId = `$${parameters.push(owner.departmentId ?? null)}::uuid`;
    const instructorId = `$${parameters.push(owner.instructorId ?? null)}::uuid`;
    return this.database.maybeOne<ThresholdsResponse>(
      `-- org.findThresholds
      with level as (
        select 'tenant' as kind, 0 as depth, id, name, risk_threshold, top_performer_threshold
        from tenants where id = $1
        union all
        select 'department', cardinality(a.path), a.id, a.name, a.risk_threshold, a.top_performer_threshold
        from departments own join departments a on a.tenant_id = $1 and a.id = any (own.path)
        where own.tenant_id = $1 and own.id = coalesce(
          ${departmentId}, (select department_id from users where tenant_id = $1 and id = ${instructorId}))
        union all
        select 'instructor', 1000000, i.user_id, u.name, i.risk_threshold, i.top_performer_threshold
        from instructor_profiles i join users u on u.tenant_id = $1 and u.id = i.user_id
        where i.tenant_id = $1 and i.user_id = ${instructorId}
      )
      select own.risk_threshold as "riskThreshold", own.top_performer_threshold as "topPerformerThreshold",
        json_build_object('riskThreshold', ${nearest('risk_threshold')},
          'topPerformerThreshold', ${nearest('top_performer_threshold')}) as effective,
        coalesce((
          select max(c.version) from threshold_changes c
          where c.tenant_id = $1 and c.department_id is not distinct from ${departmentId}
            and c.instructor_id is not distinct from ${instructorId}
        ), 0) as version
      from level own
      where ${sql} and own.kind = '${kindOf(owner)}' and own.id = coalesce(${instructorId}, ${departmentId}, $1)`,
      parameters,
    );
  }

  async mayChange(viewer: Viewer, owner: ThresholdOwner): Promise<boolean> {
    const { sql, parameters } = reach(viewer, owner, 'change');
    const { may } = await this.database.one<{ may: boolean }>(
      `-- org.mayChangeThresholds
      select $1::uuid is not null and ${sql} as may`,
      parameters,
    );
    return may;
  }

  /** The owner's own. */
  get(tenantId: string, owner: ThresholdOwner): Promise<Thresholds> {
    const { table, isOwner } = owners[kindOf(owner)];
    return this.database.one<Thresholds>(
      `-- org.getThresholds
      select ${columns} from ${table} where ${isOwner}`,
      [tenantId, idOf(owner)],
    );
  }

  update(tenantId: string, owner: ThresholdOwner, wanted: Thresholds): Promise<Thresholds> {
    const { table, isOwner } = owners[kindOf(owner)];
    return this.database.one<Thresholds>(
      `-- org.updateThresholds
      update ${table} set risk_threshold = $3, top_performer_threshold = $4, version = version + 1
      where ${isOwner} returning ${columns}`,
      [tenantId, idOf(owner), wanted.riskThreshold, wanted.topPerformerThreshold],
    );
  }

  /** How often the owner's thresholds have been changed. */
  async countChanges(tenantId: string, owner: ThresholdOwner): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countThresholdChanges
      select count(*) as count from threshold_changes c where c.tenant_id = $1 and ${owners[kindOf(owner)].isChange}`,
      [tenantId, idOf(owner)],
    );
    return count;
  }

  /** The next version; changes of one tenant come one after the other. */
  async insertChange(viewer: Viewer, owner: ThresholdOwner, change: ThresholdChange, now: Date): Promise<void> {
    const { id, before, after, note } = change;
    await this.database.run(
      `-- org.insertThresholdChange
      insert into threshold_changes (tenant_id, id, department_id, instructor_id, version, from_risk_threshold,
        from_top_performer_threshold, to_risk_threshold, to_top_performer_threshold, note, actor_id, actor_role,
        created_at)
      select $1, $3, $4, $5, count(*) + 1, $6, $7, $8, $9, $10, $11, $12, $13
      from threshold_changes c where c.tenant_id = $1 and ${owners[kindOf(owner)].isChange}`,
      [
        viewer.tenantId, idOf(owner), id, owner.departmentId ?? null, owner.instructorId ?? null, before.riskThreshold,
        before.topPerformerThreshold, after.riskThreshold, after.topPerformerThreshold, note, viewer.userId,
        viewer.role, now,
      ],
    ); // prettier-ignore
  }

  /** Latest first; `after` is the version of the last one of the page before. */
  listChanges(
    tenantId: string,
    owner: ThresholdOwner,
    { limit, offset, after }: Position,
  ): Promise<ThresholdChangeResponse[]> {
    return this.database.many<ThresholdChangeResponse>(
      `-- org.listThresholdChanges
      select c.version, c.created_at as "createdAt", c.actor_id as "actorId", c.actor_role as "actorRole",
        u.name as "actorName", c.note,
        json_build_object('riskThreshold', c.from_risk_threshold,
          'topPerformerThreshold', c.from_top_performer_threshold) as "from",
        json_build_object('riskThreshold', c.to_risk_threshold,
          'topPerformerThreshold', c.to_top_performer_threshold) as "to"
      from threshold_changes c join users u on u.tenant_id = $1 and u.id = c.actor_id
      where c.tenant_id = $1 and ${owners[kindOf(owner)].isChange} and ($3::numeric is null or c.version < $3)
      order by c.version desc limit $4 offset $5`,
      [tenantId, idOf(owner), after?.[0] ?? null, limit + 1, offset],
    );
  }

  /** What the thresholds of this moment will do to the owner's students once their rows follow. */
  countEffect(tenantId: string, { departmentId, instructorId }: ThresholdOwner): Promise<ThresholdEffect> {
    return this.database.one<ThresholdEffect>(
      `-- org.countThresholdEffect
      select count(*) as "studentsChanged",
        count(*) filter (where at_risk and not was_at_risk) as "newlyAtRisk",
        count(*) filter (where was_at_risk and not at_risk) as "noLongerAtRisk",
        count(*) filter (where top_performer and not was_top_performer) as "newTopPerformers",
        count(*) filter (where was_top_performer and not top_performer) as "noLongerTopPerformers"
      from threshold_effects($1, $2, $3)`,
      [tenantId, departmentId ?? null, instructorId ?? null],
    );
  }
}
