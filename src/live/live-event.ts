/** What of a live event says whom it is for. */
export interface Audience {
  readonly tenantId: string;
  /** The student, or what a person is told of. */
  readonly subjectId: string;
  /** Whom alone it is for; null: for those who see the student. */
  readonly userId: string | null;
  /** The student's when it was published; null: nobody's. */
  readonly instructorId: string | null;
  /** The same: from the root to the student's department. */
  readonly departmentPath: readonly string[] | null;
}

export interface LiveEvent extends Audience {
  /** In the order in which they became visible. */
  readonly id: number;
  readonly kind: PublishedKind;
  readonly payload: object;
  readonly createdAt: string;
}

/** Kept, and told again to whoever was cut off. */
export const liveKinds = ['progress', 'risk', 'submission', 'message', 'notification', 'report'] as const;
export type LiveKind = (typeof liveKinds)[number];

/** `viewer` is told to nobody: who somebody is has changed, which processes look at again that have streams of theirs. */
export type PublishedKind = LiveKind | 'viewer';

/** `dashboard` is what is true now, and is not kept. */
export const toldKinds = [...liveKinds, 'dashboard'] as const;
export type ToldKind = (typeof toldKinds)[number];

const frames = new WeakMap<LiveEvent, Buffer>();

/** As it goes out (WHATWG HTML, 9.2.6), the same bytes to all who are told. */
export function frameOf(event: LiveEvent): Buffer {
  let frame = frames.get(event);
  if (!frame) {
    const { id, kind, payload, createdAt } = event;
    frame = Buffer.from(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify({ ...payload, at: createdAt })}\n\n`);
    frames.set(event, frame);
  }
  return frame;
}
