import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { pastOf, withChange } from '../org/changes.js';
import { CategoriesRepository, type Category } from './categories.repository.js';
import { organisationTags } from '../org/organisation-tags.js';

type NewCategory = Pick<Category, 'code' | 'title' | 'position'> & { readonly id?: string };
type CategoryChange = Partial<Omit<Category, 'id' | 'version'>>;

@Injectable()
export class CategoriesService {
  constructor(
    private readonly categories: CategoriesRepository,
    private readonly database: Database,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** Answers what is there when the client's id is known and says the same. @throws Problem 409 when it says otherwise */
  create(viewer: Viewer, wanted: NewCategory): Promise<Category> {
    const { tenantId } = viewer;
    const id = wanted.id ?? uuidv7();
    const create = async () => {
      const created = await this.categories.insert(tenantId, { ...wanted, id });
      if (!created) {
        const known = await this.categories.find(tenantId, id);
        if (known && withChange(known, { ...wanted, id: known.id }) === known) return known;
        throw Problem.conflict('category_exists', 'Another category has this id.', '/id');
      }
      await this.record(viewer, 'category.created', null, created);
      return created;
    };
    return insertTwice(() => this.database.transaction(create));
  }

  /**
   * @param version that the client has read; undefined where any will do
   * @throws Problem 404, 409 for a code that is taken, 412 for another version
   */
  change(viewer: Viewer, id: string, change: CategoryChange, version: number | undefined): Promise<Category> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.categories.lock(tenantId, id);
      if (!before) throw Problem.notFound('category');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const wanted = withChange(before, change);
      if (wanted === before) return before;
      const after = await this.categories.update(tenantId, wanted);
      await this.record(viewer, `category.${pastOf(before, after)}`, before, after);
      return after;
    });
  }

  private async record(viewer: Viewer, action: string, before: Category | null, after: Category): Promise<void> {
    await this.audit.record(viewer, { action, targetType: 'category', targetId: after.id, before, after });
    await this.database.afterCommit(() => this.cache.bump(organisationTags(viewer.tenantId)));
  }
}
