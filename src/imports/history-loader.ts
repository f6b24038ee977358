import { Injectable } from '@nestjs/common';
import { readSession, type Session } from '../activity/session-input.js';
import { type SentSession, SessionRecorder } from '../activity/session-recorder.js';
import { Clock } from '../database/clock.js';
import { localDay } from '../org/local-day.js';
import { historyDays, type Tenant } from '../org/tenants.repository.js';
import { ImportsRepository } from './imports.repository.js';

/** A session as the API takes it. */
export interface SessionInput {
  readonly id: string;
  readonly studentId: string;
  readonly moduleId: string;
  readonly status?: string;
  readonly score?: number;
  readonly questions?: number;
  readonly correct?: number;
  readonly interactions?: number;
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly day?: string;
}

/** Sessions of one student, best all of them: each of the student's derived rows is then written once. */
export interface History {
  readonly sessions: readonly SessionInput[];
  /** Histories of different lanes are written at the same time; those of one instructor belong in the same lane. */
  readonly lane: number;
}

export interface Loaded {
  accepted: number;
  /** They were there before and have not been touched. */
  known: number;
  /** Of students who are not active any more. */
  refused: number;
}

/** Measured: from 4,000 on a transaction's own cost no longer shows, and it still ends in less than a second. */
const sessionsPerTransaction = 4_000;
const lanes = 2;

interface Lane {
  waiting: SessionInput[];
  flight: Promise<void>;
}

/**
 * Brings whole histories in, in the transactions of ordinary ingestion and with its statements: what follows from the
 * sessions is therefore the same. Batches are large and grouped by student, which is what makes it fast. A history is
 * in completely or not at all, so work that was interrupted is repeated from the start and skips what is there.
 */
@Injectable()
export class HistoryLoader {
  constructor(
    private readonly recorder: SessionRecorder,
    private readonly repository: ImportsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * @param onLoaded is told how many sessions have been dealt with so far
   * @throws Error when a session is not one that the API would take
   */
  async load(
    tenant: Tenant,
    histories: AsyncIterable<History> | Iterable<History>,
    onLoaded: (sessions: number) => void,
  ): Promise<Loaded> {
    const loaded: Loaded = { accepted: 0, known: 0, refused: 0 };
    const hadSessions = await this.repository.hasSessions(tenant.id);
    const state = Array.from({ length: lanes }, (): Lane => ({ waiting: [], flight: Promise.resolve() }));
    const depart = async (lane: Lane): Promise<void> => {
      await lane.flight;
      const sessions = lane.waiting;
      lane.waiting = [];
      lane.flight = this.record(tenant, sessions, loaded, hadSessions).then(() =>
        onLoaded(loaded.accepted + loaded.known + loaded.refused),
      );
      // whoever awaits it gets the error; until then nobody does
      lane.flight.catch(() => undefined);
    };
    try {
      for await (const history of histories) {
        const lane = state[history.lane % lanes]!;
        lane.waiting.push(...history.sessions);
        if (lane.waiting.length >= sessionsPerTransaction) await depart(lane);
      }
      for (const lane of state) if (lane.waiting.length > 0) await depart(lane);
    } finally {
      await Promise.allSettled(state.map(({ flight }) => flight));
    }
    await Promise.all(state.map(({ flight }) => flight));
    return loaded;
  }

  private async record(
    tenant: Tenant,
    inputs: readonly SessionInput[],
    loaded: Loaded,
    hadSessions: boolean,
  ): Promise<void> {
    const ids = hadSessions ? inputs.map(({ id }) => id) : [];
    const known = hadSessions ? await this.repository.listKnownSessions(tenant.id, ids) : new Set<string>();
    const fresh = known.size > 0 ? inputs.filter(({ id }) => !known.has(id)) : inputs;
    loaded.known += inputs.length - fresh.length;
    if (fresh.length === 0) return;
    const now = this.clock.now();
    const { sessionCapSeconds: capSeconds } = tenant;
    const limits = { ownStudentId: null, now, retentionDays: historyDays(tenant, now), capSeconds };
    const viewer = { tenantId: tenant.id, userId: tenant.id, role: 'service', departmentId: null } as const;
    const sender = { viewer, request: undefined };
    const items = fresh.map((input): SentSession => ({ session: checked(readSession(input, limits), input), sender }));
    const { verdicts } = await this.recorder.record(tenant.id, items, now, () =>
      localDay(tenant.timeZone, this.clock.now()),
    );
    for (const verdict of verdicts) {
      if (verdict === 'accepted') loaded.accepted++;
      else if (verdict === 'duplicate') loaded.known++;
      else if (verdict === 'student_unknown') loaded.refused++;
      else throw new Error(`a session was refused: ${verdict}`);
    }
  }
}

function checked(session: ReturnType<typeof readSession>, input: SessionInput): Session {
  if (!('id' in session)) throw new Error(`${JSON.stringify(input)} is no session: ${JSON.stringify(session)}`);
  return session;
}
