import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { declareConstraint, Problem } from '../http/problem.js';
import { makeApiKey } from './api-key.js';
import { type ApiKey, ApiKeysRepository } from './api-keys.repository.js';
import type { ChangeService, CreateApiKey, CreateService, NewApiKey, ServiceDetail } from './services.dto.js';
import { type Service, ServicesRepository } from './services.repository.js';

/** As many as a rotation of a few machines needs; more would be keys that nobody knows of. */
const mostKeys = 20;
const dayMilliseconds = 86_400_000;
const usualDays = 365;
const longestDays = 3_650;

declareConstraint('services__name_key', {
  status: 409,
  code: 'service_name_taken',
  detail: 'Another service has this name.',
  pointer: '/name',
});

/** Machine accounts and their keys. Every change locks its service first, so that they come one after another. */
@Injectable()
export class ServicesService {
  constructor(
    private readonly database: Database,
    private readonly services: ServicesRepository,
    private readonly keys: ApiKeysRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(tenantId: string, query: PageQuery): Promise<Page<Service>> {
    const listing = { scope: 'services', keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.services.list(tenantId, position),
      position.page === undefined ? undefined : this.services.count(tenantId),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ name, id }) => [name, id], total });
  }

  async get(tenantId: string, id: string): Promise<ServiceDetail> {
    const [service, keys] = await Promise.all([this.services.find(tenantId, id), this.keys.listLatest(tenantId, id)]);
    if (!service) throw Problem.notFound('service');
    return { ...service, scopes: [...service.scopes], keys };
  }

  /** Creating with an id that was used before answers what was created then. */
  create(actor: Actor, { id = uuidv7(), name, scopes }: CreateService): Promise<Service> {
    const create = async (): Promise<Service> => {
      const wanted = { id, name, scopes: sorted(scopes) };
      const created = await this.services.insert(actor.tenantId, wanted, this.clock.now());
      if (!created) return (await this.services.find(actor.tenantId, id))!;
      await this.audit.record(actor, {
        action: 'service.created',
        targetType: 'service',
        targetId: id,
        after: wanted,
      });
      return created;
    };
    return insertTwice(() => this.database.transaction(create));
  }

  /** @param version that the client has read; undefined where it does not mind */
  change(actor: Actor, id: string, change: ChangeService, version?: number): Promise<Service> {
    return this.database.transaction(async () => {
      const before = await this.locked(actor.tenantId, id);
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const { name = before.name, scopes = before.scopes, isActive = before.isActive } = change;
      const wanted = { id, name, scopes: sorted(scopes), isActive };
      const after = await this.services.update(actor.tenantId, wanted, this.clock.now());
      await this.audit.record(actor, {
        action: 'service.changed',
        targetType: 'service',
        targetId: id,
        before,
        after,
      });
      return after;
    });
  }

  /** @throws Problem 400 for an end that is past or too far ahead, 404, 409 when it is inactive or has too many keys */
  createKey(actor: Actor, serviceId: string, { name, expiresAt }: CreateApiKey): Promise<NewApiKey> {
    const now = this.clock.now();
    const end = expiresAt === undefined ? later(now, usualDays * dayMilliseconds) : new Date(expiresAt);
    if (end <= now || end > later(now, longestDays * dayMilliseconds)) {
      const detail = 'must lie ahead, and at most ten years';
      throw Problem.invalid([{ pointer: '/expiresAt', code: 'value_invalid', detail }]);
    }
    return this.database.transaction(async () => {
      await this.lockedForKeys(actor.tenantId, serviceId);
      return this.insertKey(actor, serviceId, name ?? null, end);
    });
  }

  /**
   * A successor of the same name and for as long as the old key was made for; the old one ends after the overlap.
   * @throws Problem 404; 409 `key_ended` for one that is revoked, expired or rotated already
   */
  rotateKey(actor: Actor, serviceId: string, id: string, overlapSeconds: number): Promise<NewApiKey> {
    const now = this.clock.now();
    return this.database.transaction(async () => {
      await this.lockedForKeys(actor.tenantId, serviceId);
      const old = await this.keys.find(actor.tenantId, serviceId, id);
      if (!old) throw Problem.notFound('key');
      if (old.revokedAt !== null || old.replacedBy !== null || new Date(old.expiresAt) <= now) {
        throw Problem.conflict('key_ended', 'This key was revoked or rotated, or has expired.');
      }
      const lifetime = Date.parse(old.expiresAt) - Date.parse(old.createdAt);
      const successor = await this.insertKey(actor, serviceId, old.name, later(now, lifetime));
      await this.keys.updateReplaced(actor.tenantId, id, successor.id, later(now, overlapSeconds * 1000));
      await this.audit.record(actor, {
        action: 'key.rotated',
        targetType: 'key',
        targetId: id,
        after: { serviceId, replacedBy: successor.id, overlapSeconds },
      });
      return successor;
    });
  }

  /** Revoking again changes nothing. */
  revokeKey(actor: Actor, serviceId: string, id: string): Promise<void> {
    return this.database.transaction(async () => {
      await this.locked(actor.tenantId, serviceId);
      const revoked = await this.keys.updateRevoked(actor.tenantId, serviceId, id, this.clock.now());
      if (revoked > 0) {
        const after = { serviceId };
        await this.audit.record(actor, { action: 'key.revoked', targetType: 'key', targetId: id, after });
      } else if (!(await this.keys.find(actor.tenantId, serviceId, id))) throw Problem.notFound('key');
    });
  }

  private async locked(tenantId: string, id: string): Promise<Service> {
    const service = await this.services.lock(tenantId, id);
    if (!service) throw Problem.notFound('service');
    return service;
  }

  private async lockedForKeys(tenantId: string, id: string): Promise<void> {
    const { isActive } = await this.locked(tenantId, id);
    if (!isActive) throw Problem.conflict('service_inactive', 'This service is not active.');
    if ((await this.keys.countGood(tenantId, id, this.clock.now())) < mostKeys) return;
    throw Problem.conflict('keys_too_many', `A service has at most ${mostKeys} keys; revoke one first.`);
  }

  private async insertKey(actor: Actor, serviceId: string, name: string | null, expiresAt: Date): Promise<NewApiKey> {
    const { key, prefix, hash } = makeApiKey();
    const row = { id: uuidv7(), serviceId, name, prefix, hash, expiresAt };
    const inserted: ApiKey = await this.keys.insert(actor.tenantId, row, this.clock.now());
    await this.audit.record(actor, {
      action: 'key.created',
      targetType: 'key',
      targetId: inserted.id,
      after: { serviceId, name, prefix, expiresAt: inserted.expiresAt },
    });
    return { ...inserted, key };
  }
}

function later(from: Date, milliseconds: number): Date {
  return new Date(from.getTime() + milliseconds);
}

/** Each once, in alphabetical order. */
function sorted(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].sort();
}
