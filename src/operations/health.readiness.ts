import { Injectable } from '@nestjs/common';

/** Whether this process wants new requests. */
@Injectable()
export class Readiness {
  private draining = false;

  get isDraining(): boolean {
    return this.draining;
  }

  /** From now on `/health/ready` says no, while requests are still served: load balancers need time to notice. */
  drain(): void {
    this.draining = true;
  }
}
