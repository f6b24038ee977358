import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { pastOf, withChange } from '../org/changes.js';
import { ModulesRepository, type LearningModule } from './modules.repository.js';
import { organisationTags } from '../org/organisation-tags.js';

type NewModule = Omit<LearningModule, 'id' | 'isActive' | 'version'> & { readonly id?: string };
type ModuleChange = Partial<Omit<LearningModule, 'id' | 'version'>>;

@Injectable()
export class ModulesService {
  constructor(
    private readonly modules: ModulesRepository,
    private readonly database: Database,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** Answers what is there when the client's id is known and says the same. @throws Problem 409 when it says otherwise */
  create(viewer: Viewer, wanted: NewModule): Promise<LearningModule> {
    const { tenantId } = viewer;
    const id = wanted.id ?? uuidv7();
    const create = async () => {
      const created = await this.modules.insert(tenantId, { ...wanted, id });
      if (!created) {
        const known = await this.modules.find(tenantId, id);
        if (known && withChange(known, { ...wanted, id: known.id }) === known) return known;
        throw Problem.conflict('module_exists', 'Another module has this id.', '/id');
      }
      await this.record(viewer, 'module.created', null, created);
      return created;
    };
    return insertTwice(() => this.database.transaction(create));
  }

  /**
   * @param version that the client has read; undefined where any will do
   * @throws Problem 404, 409 for a code that is taken, 422 for an unknown category, 412 for another version
   */
  change(viewer: Viewer, id: string, change: ModuleChange, version: number | undefined): Promise<LearningModule> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.modules.lock(tenantId, id);
      if (!before) throw Problem.notFound('module');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const wanted = withChange(before, change);
      if (wanted === before) return before;
      const after = await this.modules.update(tenantId, wanted);
      await this.record(viewer, `module.${pastOf(before, after)}`, before, after);
      return after;
    });
  }

  /** @throws Problem 404, 409 for one that a session or an assignment refers to */
  delete(viewer: Viewer, id: string): Promise<void> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.modules.lockForDelete(tenantId, id);
      if (!before) throw Problem.notFound('module');
      if ((await this.modules.delete(tenantId, id)) === 0) {
        throw Problem.conflict('module_in_use', 'Sessions or assignments refer to it; retire it.');
      }
      await this.record(viewer, 'module.deleted', before, null);
    });
  }

  private async record(
    viewer: Viewer,
    action: string,
    before: LearningModule | null,
    after: LearningModule | null,
  ): Promise<void> {
    const targetId = (after ?? before)!.id;
    await this.audit.record(viewer, { action, targetType: 'module', targetId, before, after });
    await this.database.afterCommit(() => this.cache.bump(organisationTags(viewer.tenantId)));
  }
}
