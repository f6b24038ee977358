import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { DeliveryFailure } from './channel.js';
import { EndpointCalls, failureOf } from './endpoint-calls.js';
import type { EndpointTest, EndpointWithSecret, PutEndpoint } from './endpoints.dto.js';
import { type Endpoint, type EndpointChannel, EndpointsRepository } from './endpoints.repository.js';
import { Outside } from './outside.js';
import { showSecret } from './signatures.js';

const secretBytes = 32;
const overlapSeconds = 86_400;
/** A name server that is slower does not keep anybody from setting a URL. */
const lookMilliseconds = 2_000;
const shownCharacters = 1_000;

/** Where the channels of tenants lead that are systems of their own. */
@Injectable()
export class EndpointsService {
  constructor(
    private readonly database: Database,
    private readonly endpoints: EndpointsRepository,
    private readonly outside: Outside,
    private readonly calls: EndpointCalls,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async get(tenantId: string, channel: EndpointChannel): Promise<Endpoint> {
    return present(await this.endpoints.find(tenantId, channel));
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 400 for a URL that would never be called, 412
   */
  async put(
    viewer: Viewer,
    channel: EndpointChannel,
    { url, isActive }: PutEndpoint,
    version?: number,
  ): Promise<EndpointWithSecret> {
    const { tenantId } = viewer;
    const fault = await this.outside.findFault(url, AbortSignal.timeout(lookMilliseconds));
    if (fault !== null) throw Problem.invalid([{ pointer: '/url', code: 'value_invalid', detail: fault }]);
    const secret = randomBytes(secretBytes);
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const made =
        version === undefined && (await this.endpoints.insert(tenantId, channel, { url, isActive, secret }, now));
      if (made) {
        await this.record(viewer, 'channel.changed', null, made);
        return { ...made, secret: showSecret(secret) };
      }
      const before = await this.endpoints.lock(tenantId, channel);
      if (!before || (version !== undefined && version !== before.version)) throw Problem.versionMismatch();
      const after = await this.endpoints.update(tenantId, channel, { url, isActive }, now);
      await this.record(viewer, 'channel.changed', before, after);
      return { ...after, secret: null };
    });
  }

  /** @throws Problem 404, 412 */
  delete(viewer: Viewer, channel: EndpointChannel, version?: number): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, channel, version);
      await this.endpoints.delete(viewer.tenantId, channel);
      await this.record(viewer, 'channel.deleted', before, null);
    });
  }

  /** @throws Problem 404, 412 */
  rotateSecret(viewer: Viewer, channel: EndpointChannel, version?: number): Promise<EndpointWithSecret> {
    const secret = randomBytes(secretBytes);
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const before = await this.lock(viewer, channel, version);
      const oldUntil = new Date(now.getTime() + overlapSeconds * 1000);
      const after = await this.endpoints.updateSecret(viewer.tenantId, channel, { secret, oldUntil }, now);
      await this.record(viewer, 'channel.secret_changed', before, after);
      return { ...after, secret: showSecret(secret) };
    });
  }

  /** @throws Problem 404 */
  async test(viewer: Viewer, channel: EndpointChannel): Promise<EndpointTest> {
    const { tenantId } = viewer;
    const now = this.clock.now();
    const endpoint = present(await this.endpoints.findCallable(tenantId, channel, now));
    const id = uuidv7();
    const call = { id, payload: { id, type: 'test', occurredAt: now } };
    await this.audit.record(viewer, {
      action: 'channel.tested',
      targetType: 'channel',
      targetId: tenantId,
      after: { channel },
    });
    try {
      const { status, body } = await this.calls.call(endpoint, call, new AbortController().signal);
      const failure = failureOf(status, null);
      return { isAccepted: failure === null, reason: failure?.message ?? null, body: body.slice(0, shownCharacters) };
    } catch (error) {
      if (error instanceof DeliveryFailure) return { isAccepted: false, reason: error.message, body: null };
      throw error;
    }
  }

  private async lock({ tenantId }: Viewer, channel: EndpointChannel, version?: number): Promise<Endpoint> {
    const endpoint = present(await this.endpoints.lock(tenantId, channel));
    if (version !== undefined && version !== endpoint.version) throw Problem.versionMismatch();
    return endpoint;
  }

  private record(viewer: Viewer, action: string, before: Endpoint | null, after: Endpoint | null): Promise<void> {
    return this.audit.record(viewer, { action, targetType: 'channel', targetId: viewer.tenantId, before, after });
  }
}

function present<T>(endpoint: T | null): T {
  if (endpoint === null) throw Problem.notFound('channel');
  return endpoint;
}
