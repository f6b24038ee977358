import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Viewer } from '../http/viewer.js';
import { Filter } from './student-filter.js';

export interface Segment {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly filter: Filter;
  readonly isShared: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const columns = `s.id, s.owner_id as "ownerId", s.name, s.filter, s.is_shared as "isShared", s.version,
  s.created_at as "createdAt", s.updated_at as "updatedAt"`;
/** One's own, and what others of the tenant share. */
const visible = 's.tenant_id = $1 and (s.owner_id = $2 or s.is_shared)';

@Injectable()
export class SegmentsRepository {
  constructor(private readonly database: Database) {}

  /** By name; `after` is the last name and id of the page before. */
  list(
    viewer: Viewer,
    { limit, offset, after }: { limit: number; offset: number; after: readonly unknown[] | null },
  ): Promise<Segment[]> {
    return this.database.many<Segment>(
      `-- students.listSegments
      select ${columns} from segments s
      where ${visible} and ($3::text is null or (s.name, s.id) > ($3, $4::uuid))
      order by s.name, s.id limit $5 offset $6`,
      [viewer.tenantId, viewer.userId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- students.countSegments
      select count(*) as count from segments s where ${visible}`,
      [viewer.tenantId, viewer.userId],
    );
    return count;
  }

  find(viewer: Viewer, id: string): Promise<Segment | null> {
    return this.database.maybeOne<Segment>(
      `-- students.findSegment
      select ${columns} from segments s where ${visible} and s.id = $3`,
      [viewer.tenantId, viewer.userId, id],
    );
  }

  /** @returns null when the id is taken */
  insert(
    viewer: Viewer,
    segment: Pick<Segment, 'id' | 'name' | 'filter' | 'isShared'>,
    now: Date,
  ): Promise<Segment | null> {
    return this.database.maybeOne<Segment>(
      `-- students.insertSegment
      insert into segments as s (tenant_id, owner_id, id, name, filter, is_shared, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $7)
      on conflict (tenant_id, id) do nothing
      returning ${columns}`,
      [viewer.tenantId, viewer.userId, segment.id, segment.name, JSON.stringify(segment.filter), segment.isShared, now],
    );
  }

  /** Of one's own. @returns null when it is not there or no longer of this version */
  update(viewer: Viewer, segment: Segment, now: Date): Promise<Segment | null> {
    return this.database.maybeOne<Segment>(
      `-- students.updateSegment
      update segments s
      set name = $4, filter = $5, is_shared = $6, version = s.version + 1, updated_at = $8
      where s.tenant_id = $1 and s.owner_id = $2 and s.id = $3 and s.version = $7
      returning ${columns}`,
      [
        viewer.tenantId, viewer.userId, segment.id, segment.name, JSON.stringify(segment.filter), segment.isShared,
        segment.version, now,
      ],
    ); // prettier-ignore
  }

  /** Where names meet, the one that comes gets the end of its id. Filters that name the giver follow. */
  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- students.giveAwaySegments
      update segments s
      set owner_id = $3, version = version + 1,
        name = case
          when exists (select from segments o where o.tenant_id = $1 and o.owner_id = $3 and o.name = s.name)
          then left(s.name, 85) || ' (' || right(s.id::text, 12) || ')' else s.name
        end
      where s.tenant_id = $1 and s.owner_id = $2`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- students.redirectSegments
      update segments set filter = jsonb_set(filter, '{instructorId}', to_jsonb($3::text)), version = version + 1
      where tenant_id = $1 and filter ->> 'instructorId' = $2::text`,
      [tenantId, fromId, intoId],
    );
  }

  delete(viewer: Viewer, id: string): Promise<number> {
    return this.database.run(
      `-- students.deleteSegment
      delete from segments where tenant_id = $1 and owner_id = $2 and id = $3`,
      [viewer.tenantId, viewer.userId, id],
    );
  }
}
