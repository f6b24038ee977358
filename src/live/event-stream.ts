import type { ServerResponse } from 'node:http';
import type { Verified } from '../auth/authenticators.js';
import type { Viewer } from '../http/viewer.js';
import { hearing, kindsFor, mayBeTold } from './hearing.js';
import { type Audience, frameOf, type LiveEvent, type LiveKind, type ToldKind } from './live-event.js';

/** What a client has not taken yet, beside what the network holds; a slower one is dropped and resumes by its id. */
export const mostBufferedBytes = 1_048_576;
const drainMs = 30_000;
const lingerMs = 1_000;

export type Farewell = 'token_expired' | 'access_lost' | 'server_stopping';

/** How somebody came, to be asked about again. */
export interface Entry {
  readonly token: string;
  readonly verified: Verified;
}

/** One client that listens: what it may hear, how far it has heard, and its socket. */
export class EventStream {
  private hears: (event: Audience) => boolean = () => false;
  private kinds: readonly LiveKind[] = [];
  private waiting: LiveEvent[] | null = null;
  private waitingBytes = 0;
  private gone = false;
  /** The newest event that it was told, or that was not for it. */
  private position = 0;
  /** Of `performance.now()`. */
  heartBeatAt = 0;
  lookAt = 0;
  /** Who its viewer is has changed, and is looked at again at the next tick. */
  isOutdated = false;

  constructor(
    private readonly raw: ServerResponse,
    private current: Viewer,
    private readonly asked: readonly ToldKind[] | undefined,
    public entry: Entry,
  ) {
    this.viewer = current;
    raw.on('close', () => (this.gone = true));
  }

  get viewer(): Viewer {
    return this.current;
  }

  /** By now. */
  set viewer(viewer: Viewer) {
    this.current = viewer;
    this.hears = hearing(viewer);
    this.kinds = kindsFor(viewer, this.asked);
  }

  get isGone(): boolean {
    return this.gone;
  }

  get liveKinds(): readonly LiveKind[] {
    return this.kinds;
  }

  get wantsDashboard(): boolean {
    return mayBeTold(this.current, 'dashboard', this.asked);
  }

  /** Whether this changes what a dashboard of its viewer shows, and whether that is wanted. */
  wantsDashboardAfter(event: LiveEvent): boolean {
    return event.userId === null && this.hears(event) && this.wantsDashboard;
  }

  /** Tells what is published from now on, and of what there was before nothing. */
  startAt(position: number): void {
    this.position = position;
    this.write(`id: ${position}\n\n`);
  }

  /** Lets what is published wait until `resume`: what was missed comes before it. */
  hold(position: number): void {
    this.position = position;
    this.waiting = [];
  }

  resume(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const event of waiting) this.tell(event);
  }

  /** Whatever is not for this viewer, or was told before, is passed over. */
  tell(event: LiveEvent): void {
    if (event.id <= this.position) return;
    if (!this.kinds.some((kind) => kind === event.kind) || !this.hears(event)) return;
    if (this.waiting === null) return this.send(event);
    this.waiting.push(event);
    this.waitingBytes += frameOf(event).length;
    if (this.waitingBytes > mostBufferedBytes) this.drop();
  }

  /** What was missed, in order, as it was found to be for this viewer. Waits until the client has taken it. */
  async replay(events: readonly LiveEvent[]): Promise<void> {
    for (const event of events) {
      if (this.gone) return;
      if (event.id > this.position) this.send(event);
      if (this.raw.writableNeedDrain) await this.drained();
    }
  }

  /** A frame that is kept nowhere. */
  write(frame: Buffer | string): void {
    if (this.gone) return;
    this.raw.write(frame);
    if (this.raw.writableLength > mostBufferedBytes) this.drop();
  }

  /** @param position up to which everything has been told: a client that hears nothing for hours does not fall behind */
  beat(position: number): void {
    if (this.waiting !== null || position <= this.position) return this.write(':\n\n');
    this.position = position;
    // an id without data is remembered by the client and dispatched to nobody
    this.write(`:\nid: ${position}\n\n`);
  }

  end(reason: Farewell): void {
    if (this.gone) return;
    this.write(`event: bye\ndata: ${JSON.stringify({ reason })}\n\n`);
    this.gone = true;
    this.raw.end();
    // one that takes nothing is not waited for
    setTimeout(() => this.raw.destroy(), lingerMs).unref();
  }

  /** Without a word: it comes again with the last id that it got. */
  drop(): void {
    this.gone = true;
    this.raw.destroy();
  }

  private send(event: LiveEvent): void {
    this.position = event.id;
    this.write(frameOf(event));
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.drop(), drainMs);
      const done = (): void => {
        clearTimeout(late);
        this.raw.off('drain', done).off('close', done);
        resolve();
      };
      this.raw.on('drain', done).on('close', done);
    });
  }
}
