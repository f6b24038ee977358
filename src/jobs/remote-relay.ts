import { Injectable } from '@nestjs/common';
import { Outbox } from './outbox.js';
import { WakeUps } from './wake-ups.js';

/** In a process without a relay: events are committed here, and carried out elsewhere. */
@Injectable()
export class RemoteRelay {
  constructor(outbox: Outbox, wakeUps: WakeUps) {
    outbox.onCommitted(() => wakeUps.send('outbox'));
  }
}
