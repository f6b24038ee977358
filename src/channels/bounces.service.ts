import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { BounceResponse, BounceResults, ReportedBounce } from './bounces.dto.js';
import { type Bounce, BouncesRepository, type Mailed } from './bounces.repository.js';
import { markOf, readMessageId } from './message-ids.js';

/** Addresses that mails came back from. */
@Injectable()
export class BouncesService {
  constructor(
    private readonly database: Database,
    private readonly bounces: BouncesRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list({ tenantId }: Viewer, query: PageQuery): Promise<Page<BounceResponse>> {
    const listing = { scope: ['bounces', tenantId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.bounces.list(tenantId, position),
      position.page === undefined ? undefined : this.bounces.count(tenantId),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ at, userId }) => [at, userId], total });
  }

  /** Reporting the same again changes nothing. @throws Problem 400 for one that names no mail */
  report(viewer: Viewer, reported: readonly ReportedBounce[]): Promise<BounceResults> {
    const { tenantId } = viewer;
    const named = reported.map((one, index) => ({ ...one, ...mailOf(one, index) }));
    return this.database.transaction(async () => {
      const ids = named.flatMap(({ id }) => id ?? []);
      const mailed = new Map((await this.bounces.listMailed(tenantId, ids)).map((one) => [one.id, one]));
      const found = named.map((one) => ({ ...one, mail: one.id === null ? undefined : mailed.get(one.id) }));
      const meant = found.filter((one): one is typeof one & { mail: Mailed & { email: string } } => isMeant(one));
      await this.bounces.upsert(tenantId, bouncesOf(meant), this.clock.now());
      await this.bounces.markBounced(tenantId, meant.flatMap(({ kind, mail }) => (kind === 'hard' ? mail.id : []))); // prettier-ignore
      await this.audit.record(
        viewer,
        meant.map(({ kind, reason, mail: { userId } }) => ({
          action: 'bounce.recorded',
          targetType: 'user',
          targetId: userId,
          after: { kind, reason },
        })),
      );
      return { results: found.map((one) => (!one.mail ? 'unknown' : isMeant(one) ? 'recorded' : 'address_changed')) };
    });
  }

  /** @throws Problem 404 */
  clear(viewer: Viewer, userId: string): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.bounces.deleteOf(viewer.tenantId, userId);
      if (!before) throw Problem.notFound('bounce');
      const entry = { action: 'bounce.cleared', targetType: 'user', targetId: userId, before };
      await this.audit.record(viewer, entry);
    });
  }
}

/** @returns the delivery, and whom it went to where the id tells; no delivery for an id that is none of ours */
function mailOf({ messageId, deliveryId }: ReportedBounce, index: number): { id: string | null; mark: string | null } {
  if (messageId === undefined && deliveryId === undefined) {
    const pointer = `/bounces/${index}/messageId`;
    throw Problem.invalid([{ pointer, code: 'value_missing', detail: 'must be given where there is no deliveryId' }]);
  }
  if (messageId === undefined) return { id: deliveryId!.toLowerCase(), mark: null };
  const read = readMessageId(messageId);
  return { id: read?.deliveryId ?? null, mark: read?.mark ?? null };
}

/** Whether it is the address of now that it came back from. */
function isMeant({ mark, mail }: { readonly mark: string | null; readonly mail?: Mailed }): boolean {
  if (!mail || mail.email === null) return false;
  const sentTo = mark ?? readMessageId(mail.reference ?? '')?.mark;
  return sentTo === markOf(mail.email);
}

/** Each address once, and hard where one of its bounces is. */
function bouncesOf(
  meant: readonly {
    readonly kind: Bounce['kind'];
    readonly reason: string;
    readonly mail: { readonly email: string };
  }[],
): Bounce[] {
  const bounces = new Map<string, Bounce>();
  for (const { kind, reason, mail } of meant) {
    if (bounces.get(mail.email)?.kind !== 'hard') bounces.set(mail.email, { address: mail.email, kind, reason });
  }
  return [...bounces.values()];
}
