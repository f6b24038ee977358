import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import type { AccessFormat, AccessRequestResponse, AccessRequestsQuery } from './access-requests.dto.js';
import { AccessRequestsRepository } from './access-requests.repository.js';
import { PrivatePeople } from './private-people.js';

const inflate = promisify(gunzip);

export interface OpenAccessFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: Readable;
}

/** What is kept of a person, for that person: asked for by themselves, or by an administrator. */
@Injectable()
export class AccessRequests {
  constructor(
    private readonly database: Database,
    private readonly requests: AccessRequestsRepository,
    private readonly people: PrivatePeople,
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Answers the one about the same person that is not finished, where there is one.
   * @throws Problem 404 for somebody else unless the viewer is an administrator, 409 for who was merged or erased
   */
  request(viewer: Viewer, wanted: string | undefined): Promise<AccessRequestResponse> {
    const { tenantId, userId } = viewer;
    const personId = wanted?.toLowerCase() ?? userId;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      await this.people.demand(viewer, personId);
      await this.requests.lock(tenantId, personId);
      const id = uuidv7();
      const found = await this.requests.insert(tenantId, { id, personId, requestedBy: userId }, now);
      if (found === id) {
        await this.record(viewer, 'requested', personId, id);
        await this.outbox.append(tenantId, 'privacy.access-requested', id, {});
      }
      return (await this.requests.find(tenantId, found, now))!;
    });
  }

  async list(
    viewer: Viewer,
    { personId, status, ...query }: AccessRequestsQuery,
  ): Promise<Page<AccessRequestResponse>> {
    const { tenantId } = viewer;
    const filter = { personId: viewer.role === 'admin' ? personId?.toLowerCase() : viewer.userId, status };
    const listing = { scope: ['access-requests', viewer.userId, filter], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.requests.list(tenantId, filter, now, position),
      position.page === undefined ? undefined : this.requests.count(tenantId, filter, now),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  /** @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<AccessRequestResponse> {
    const request = await this.requests.find(viewer.tenantId, id, this.clock.now());
    if (!request || !mayHave(viewer, request.personId)) throw Problem.notFound('access_request');
    return request;
  }

  /** Cancelling twice is no error. @throws Problem 404, 409 for one that is finished */
  cancel(viewer: Viewer, id: string): Promise<AccessRequestResponse> {
    return this.database.transaction(async () => {
      const { personId, status } = await this.get(viewer, id);
      if (await this.requests.cancel(viewer.tenantId, id, this.clock.now())) {
        await this.record(viewer, 'cancelled', personId, id);
      } else if (status !== 'cancelled') {
        throw Problem.conflict('access_request_finished', 'It is finished and can no longer be cancelled.');
      }
      return this.get(viewer, id);
    });
  }

  /** @throws Problem 404, 409 before it is ready, 410 once it has expired */
  async open(viewer: Viewer, id: string, format: AccessFormat): Promise<OpenAccessFile> {
    const { tenantId } = viewer;
    const file = await this.requests.findFile(tenantId, id, this.clock.now());
    if (!file || !mayHave(viewer, file.personId)) throw Problem.notFound('access_request');
    if (file.status === 'expired') {
      throw new Problem(410, 'access_request_expired', { detail: 'These files are no longer kept. Ask again.' });
    }
    if (file.status !== 'ready') {
      throw Problem.conflict('access_request_not_ready', `There is no file to download: it is ${file.status}.`);
    }
    await this.audit.recordRead(viewer, {
      action: 'access_request.downloaded',
      targetType: 'user',
      targetId: file.personId,
      after: { accessRequestId: id, format },
    });
    return {
      name: `about-you-${file.createdAt.slice(0, 10)}.${format}`,
      bytes: format === 'json' ? file.jsonBytes : file.htmlBytes,
      content: Readable.from(this.parts(tenantId, id, format)),
    };
  }

  private record(viewer: Viewer, what: 'requested' | 'cancelled', personId: string, id: string): Promise<void> {
    return this.audit.record(viewer, {
      action: `access_request.${what}`,
      targetType: 'user',
      targetId: personId,
      after: { accessRequestId: id },
    });
  }

  /** One at a time, as fast as they are taken. */
  private async *parts(tenantId: string, id: string, format: AccessFormat): AsyncGenerator<Buffer> {
    for (let number = -1; ;) {
      const part = await this.requests.findPartAfter(tenantId, id, format, number);
      if (!part) return;
      number = part.number;
      yield await inflate(part.content);
    }
  }
}

const mayHave = ({ role, userId }: Viewer, personId: string): boolean => role === 'admin' || userId === personId;
