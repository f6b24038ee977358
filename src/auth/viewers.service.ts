import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Flights } from '../database/flights.js';
import type { Viewer } from '../http/viewer.js';
import { Authenticators, type Verified } from './authenticators.js';
import { type ViewerRow, ViewersRepository, type Wanted } from './viewers.repository.js';

/** A viewer, and when what is true of it will change; null: not foreseen. */
export interface CurrentViewer {
  readonly viewer: Viewer;
  readonly until: Date | null;
}

/** People as viewers at this moment: those who sign in, and those who write. */
@Injectable()
export class ViewersService implements OnModuleInit {
  /** Those of a tenant who write at the same time share a statement. */
  private readonly flights = new Flights<Wanted, ViewerRow | null>(
    (tenantId, wanted) => this.repository.listCurrent(tenantId, wanted, this.clock.now()),
    { flights: 2, items: 500 },
  );

  constructor(
    private readonly repository: ViewersRepository,
    private readonly authenticators: Authenticators,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const recall = (verified: Verified): Promise<Viewer | null> => this.recall(verified);
    this.authenticators.recallWith('sign-in', recall);
    this.authenticators.recallWith('identity', recall);
  }

  /** @returns null for whoever is not there or not active; joins the running transaction */
  async find(tenantId: string, userId: string): Promise<CurrentViewer | null> {
    const [row] = await this.repository.listCurrent(tenantId, [{ userId, signInId: null }], this.clock.now());
    if (!row) return null;
    return { viewer: viewerOf(tenantId, row), until: row.rostersUntil === null ? null : new Date(row.rostersUntil) };
  }

  private async recall({ viewer: { tenantId, userId }, credential }: Verified): Promise<Viewer | null> {
    const signInId = credential.kind === 'sign-in' ? credential.id : null;
    const [row] = await this.flights.submit(tenantId, [{ userId, signInId }]);
    return row ? viewerOf(tenantId, row) : null;
  }
}

function viewerOf(tenantId: string, { userId, role, departmentId, rosters }: ViewerRow): Viewer {
  return { tenantId, userId, role, departmentId, ...(rosters && { rosters }) };
}
