import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Accepted, DeliveryFailure } from './channel.js';
import { type CallableEndpoint, type EndpointChannel, EndpointsRepository } from './endpoints.repository.js';
import { AddressRefused, Outside, type Reply } from './outside.js';
import { signedHeaders } from './signatures.js';

/** The same each time that it is sent. */
export interface Call {
  readonly id: string;
  /** JSON. */
  readonly payload: object;
}

/** Nobody who asks for a pause gets a longer one. */
const longestPauseSeconds = 3_600;
/** Of these statuses a later call may fare better: RFC 9110, RFC 8470 (425), RFC 6585 (429). */
const passing = new Set([408, 425, 429]);

/** Signed calls of the systems that tenants have named. */
@Injectable()
export class EndpointCalls {
  constructor(
    private readonly endpoints: EndpointsRepository,
    private readonly outside: Outside,
    private readonly database: Database,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async isActive(tenantId: string, channel: EndpointChannel): Promise<boolean> {
    return (await this.endpoints.find(tenantId, channel))?.isActive ?? false;
  }

  /** @throws DeliveryFailure */
  async send(tenantId: string, channel: EndpointChannel, call: Call, signal: AbortSignal): Promise<Accepted> {
    const endpoint = await this.endpoints.findCallable(tenantId, channel, this.clock.now());
    if (!endpoint?.isActive) throw new DeliveryFailure('final', 'the organisation does not use this channel');
    const { status, retryAfterSeconds } = await this.call(endpoint, call, signal);
    if (status === 410) await this.markGone(tenantId, channel, endpoint.version);
    const failure = failureOf(status, retryAfterSeconds);
    if (failure) throw failure;
    return { isDelivered: true, reference: null };
  }

  /** The same call, of one that may be switched off. @throws DeliveryFailure where nothing was answered */
  async call({ url, secrets }: CallableEndpoint, { id, payload }: Call, signal: AbortSignal): Promise<Reply> {
    const body = JSON.stringify(payload);
    const headers = signedHeaders(secrets, id, this.clock.now(), body);
    try {
      return await this.outside.post(url, { headers, body }, signal);
    } catch (error) {
      if (error instanceof AddressRefused) throw new DeliveryFailure('final', error.message);
      const { name, code = name } = error as NodeJS.ErrnoException;
      const reason = name === 'AbortError' ? 'the receiver did not answer in time' : `no answer: ${code}`;
      throw new DeliveryFailure('passing', reason);
    }
  }

  private markGone(tenantId: string, channel: EndpointChannel, version: number): Promise<void> {
    return this.database.transaction(async () => {
      if ((await this.endpoints.updateGone(tenantId, channel, version, this.clock.now())) === 0) return;
      await this.audit.record(
        { tenantId, userId: null, role: 'service' },
        { action: 'channel.gone', targetType: 'channel', targetId: tenantId, after: { channel } },
      );
    });
  }
}

/** What an answer means; null: the receiver has it. */
export function failureOf(status: number, retryAfterSeconds: number | null): DeliveryFailure | null {
  if (status >= 200 && status < 300) return null;
  const answered = `the receiver answered ${status}`;
  if (status >= 300 && status < 400) return new DeliveryFailure('final', `${answered}, and redirects are not followed`);
  if (status < 500 && !passing.has(status)) return new DeliveryFailure('final', answered);
  const pause = retryAfterSeconds === null ? undefined : Math.min(retryAfterSeconds, longestPauseSeconds);
  return new DeliveryFailure('passing', answered, pause);
}
