import type { NotificationPriority, NotificationType } from '../notifications/notification.js';

export const channelNames = ['email', 'webhook', 'sms'] as const;
export type ChannelName = (typeof channelNames)[number];

/** What people choose channels for. */
export const categories = ['messages', 'assignments', 'risk', 'progress', 'reports', 'system'] as const;
export type Category = (typeof categories)[number];

export const categoryOf: Readonly<Record<NotificationType, Category>> = {
  assignment_created: 'assignments',
  assignment_due: 'assignments',
  assignment_overdue: 'assignments',
  assignment_graded: 'assignments',
  student_at_risk: 'risk',
  progress_milestone: 'progress',
  system_alert: 'system',
  message_received: 'messages',
  report_ready: 'reports',
  report_failed: 'reports',
};

/** By what of a person they may be reached. */
export interface Reachable {
  readonly userId: string;
  readonly email: string | null;
  /** E.164. */
  readonly phone: string | null;
}

/** One thing for one person by one channel, ready to go: a message, a notification, or a digest of several. */
export interface Outgoing {
  /** Of the delivery: the same at each attempt, so that a receiver can tell what it has had. */
  readonly id: string;
  readonly tenantId: string;
  readonly category: Category;
  readonly priority: NotificationPriority;
  readonly to: Reachable & { readonly name: string };
  readonly subject: string;
  readonly text: string;
  /** Sanitised; null where there is none. */
  readonly html: string | null;
  /** Absolute; null where it leads nowhere. */
  readonly actionUrl: string | null;
  readonly occurredAt: Date;
}

/** What the other side said of it. */
export interface Accepted {
  readonly isDelivered: boolean;
  /** The other side's id, for later bounces. */
  readonly reference: string | null;
}

export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';

  /**
   * @param kind `passing`: it may go later; `final`: never; `bounced`: the address takes nothing
   * @param reason short, without personal data: administrators and senders read it
   */
  constructor(
    readonly kind: 'passing' | 'final' | 'bounced',
    reason: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(reason);
  }
}

/** Adding a channel is one file: a provider of this, listed in channels.module.ts. Never called inside a transaction. */
export interface Channel {
  readonly name: ChannelName;
  /** Whom of these it can reach, where the tenant has it; cheap, at most one look into the database. */
  reach(tenantId: string, users: readonly Reachable[]): Promise<ReadonlySet<string>>;
  /** @throws DeliveryFailure */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<Accepted>;
}

/** Token of all channels there are: `readonly Channel[]`. */
export const CHANNELS = Symbol('channels');
