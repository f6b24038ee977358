import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Flights } from '../database/flights.js';
import type { Viewer } from '../http/viewer.js';
import { hashApiKey, isApiKey } from './api-key.js';
import { ApiKeysRepository, type KeyHolder } from './api-keys.repository.js';
import { type Authenticator, Authenticators, type Verified } from '../auth/authenticators.js';

/** How long a key is believed without asking, by requests that only read. */
const rememberedMilliseconds = 60_000;

/** Knows services by their API keys, and by the access tokens they got for one. */
@Injectable()
export class ApiKeys implements Authenticator, OnModuleInit {
  private readonly holders = new Flights<string, KeyHolder | null>(
    async (tenantId, ids) => {
      const found = await this.keys.listHolders(tenantId, [...new Set(ids)], this.clock.now());
      return ids.map((id) => found.find(({ keyId }) => keyId === id) ?? null);
    },
    { flights: 2, items: 1_000 },
  );

  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly authenticators: Authenticators,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.authenticators.add(this);
    this.authenticators.recallWith('key', (verified) => this.recall(verified));
  }

  recognises(token: string): boolean {
    return token.startsWith('idk_');
  }

  async verify(token: string): Promise<Verified | null> {
    const now = this.clock.now();
    const holder = await this.find(token);
    if (!holder) return null;
    const expiresAt = Math.min(Date.parse(holder.expiresAt), now.getTime() + rememberedMilliseconds);
    return { viewer: viewerOf(holder), credential: { kind: 'key', id: holder.keyId }, expiresAt };
  }

  /** Whose key this is, and counts its use; null for one that is unknown, revoked, expired or of an inactive service. */
  async find(key: string): Promise<KeyHolder | null> {
    return isApiKey(key) ? this.keys.use(hashApiKey(key), this.clock.now()) : null;
  }

  /** With the scopes that both the credential and, by now, the service have. */
  private async recall({ viewer, credential }: Verified): Promise<Viewer | null> {
    if (credential.kind !== 'key') return null;
    const [holder] = await this.holders.submit(viewer.tenantId, [credential.id]);
    if (holder?.serviceId !== viewer.userId) return null;
    return viewerOf({ ...holder, scopes: holder.scopes.filter((scope) => viewer.scopes?.includes(scope) ?? true) });
  }
}

/** @param scopes those of the service, or fewer */
export function viewerOf({
  tenantId,
  serviceId,
  scopes,
}: Pick<KeyHolder, 'tenantId' | 'serviceId' | 'scopes'>): Viewer {
  return Object.freeze({ tenantId, userId: serviceId, role: 'service', departmentId: null, scopes });
}
