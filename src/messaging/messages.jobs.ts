import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Clock } from '../database/clock.js';
import { fanOutMessage, followRecall, sendDueMessages } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { FanOutRepository } from './fan-out.repository.js';
import { FanOut } from './fan-out.service.js';
import { MessageRecord } from './message-record.js';

/** At one tick; what is left is due a minute later. */
const mostDue = 1_000;
const mostTold = 1_000;

@Injectable()
export class MessagesJobs {
  constructor(
    private readonly repository: FanOutRepository,
    private readonly fanOut: FanOut,
    private readonly record: MessageRecord,
    private readonly clock: Clock,
  ) {}

  @Handles(sendDueMessages)
  async sendDue({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    let begun = 0;
    for (const { tenantId, id } of await this.repository.listDue(now, mostDue)) {
      signal.throwIfAborted();
      if (await this.fanOut.begin(tenantId, id, now)) begun++;
    }
    return { begun };
  }

  @Handles(fanOutMessage)
  async fanOutMessage({ tenantId, key, signal }: Run): Promise<Outcome> {
    let chunks = 0;
    while (await this.fanOut.next(tenantId!, key, this.clock.now())) {
      signal.throwIfAborted();
      chunks++;
    }
    return { chunks };
  }

  /** From the beginning after a crash: some are told twice then. */
  @Handles(followRecall)
  async followRecall({ tenantId, key, signal }: Run): Promise<Outcome> {
    let told = 0;
    for (let after: string | null = NIL; after !== null;) {
      signal.throwIfAborted();
      const receipts = await this.repository.listLost(tenantId!, key, after, mostTold);
      await this.record.tell(tenantId!, 'messages.changed', receipts);
      told += receipts.length;
      after = receipts.length === mostTold ? receipts.at(-1)!.userId : null;
    }
    return { told };
  }
}
