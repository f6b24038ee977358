import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { FieldError } from '../http/problem.js';
import { currentRequest } from '../http/request.js';
import { Viewer } from '../http/viewer.js';
import { localDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { historyDays } from '../org/tenants.repository.js';
import { Flights } from '../database/flights.js';
import { readSession, Session } from './session-input.js';
import { SentSession, SessionRecorder, Verdict } from './session-recorder.js';

export interface SessionResult {
  readonly id: string | null;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly errors?: readonly FieldError[];
}

const refusals: Readonly<Record<Exclude<Verdict, 'accepted' | 'duplicate'>, { pointer: string; detail: string }>> = {
  student_unknown: { pointer: '/studentId', detail: 'is no student that you may write for' },
  module_unknown: { pointer: '/moduleId', detail: 'is no module of this tenant' },
  session_of_other_student: { pointer: '/id', detail: 'is the id of a session of another student' },
};

/** Activity in: everything that follows from a session is true, and seen by every read, once its request is answered. */
@Injectable()
export class IngestionService {
  private readonly flights = new Flights<SentSession, Verdict>((tenantId, items) => this.record(tenantId, items), {
    flights: 2,
    items: 1_000,
  });

  constructor(
    private readonly recorder: SessionRecorder,
    private readonly tenants: TenantsService,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a batch; an item at fault does not cost the others. Items of concurrent requests may share a transaction.
   * @param raw 1 to 1,000 items, unchecked
   * @returns one result per item, in order
   */
  async ingest(viewer: Viewer, raw: readonly unknown[]): Promise<SessionResult[]> {
    const tenant = await this.tenants.get(viewer.tenantId);
    const now = this.clock.now();
    const limits = {
      ownStudentId: viewer.role === 'student' ? viewer.userId : null,
      now,
      retentionDays: historyDays(tenant, now),
      capSeconds: tenant.sessionCapSeconds,
    };
    const read = raw.map((item) => readSession(item, limits));
    const sender = { viewer, request: currentRequest() };
    const items = read.filter((one): one is Session => !Array.isArray(one)).map((session) => ({ session, sender }));
    const verdicts = items.length > 0 ? await this.flights.submit(viewer.tenantId, items) : [];
    let next = 0;
    return read.map((one, index): SessionResult => {
      const at = `/sessions/${index}`;
      if (Array.isArray(one)) {
        const errors = one.map((error) => ({ ...error, pointer: at + error.pointer }));
        return { id: idOf(raw[index]), status: 'rejected', errors };
      }
      const verdict = verdicts[next++]!;
      if (verdict === 'accepted' || verdict === 'duplicate') return { id: one.id, status: verdict };
      const { pointer, detail } = refusals[verdict];
      return { id: one.id, status: 'rejected', errors: [{ pointer: at + pointer, code: verdict, detail }] };
    });
  }

  private async record(tenantId: string, items: readonly SentSession[]): Promise<Verdict[]> {
    const now = this.clock.now();
    const { timeZone } = await this.tenants.get(tenantId);
    const today = (): string => localDay(timeZone, this.clock.now());
    const { verdicts, students, instructorIds } = await this.recorder.record(tenantId, items, now, today);
    if (students.length > 0) {
      await this.cache.bump([
        `tenant:${tenantId}`,
        ...students.map(({ studentId }) => `student:${studentId}`),
        ...new Set([...students.map(({ instructorId }) => instructorId), ...instructorIds].map((id) => `roster:${id}`)),
      ]);
    }
    return verdicts;
  }
}

function idOf(raw: unknown): string | null {
  const id = (raw as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id.slice(0, 36) : null;
}
