import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository, type PersonRow } from '../org/people.repository.js';
import { refuseMerged } from '../people/refusals.js';
import { ErasuresRepository } from './erasures.repository.js';

/** Whom something is asked for. */
@Injectable()
export class PrivatePeople {
  constructor(
    private readonly people: PeopleRepository,
    private readonly erasures: ErasuresRepository,
  ) {}

  /**
   * Of the tenant for an administrator, and oneself for everybody else.
   * @throws Problem 404, 409 for who was merged into somebody else or is erased
   */
  async demand(viewer: Viewer, personId: string): Promise<PersonRow> {
    const isReachable = viewer.role === 'admin' || viewer.userId === personId;
    const person = isReachable ? await this.people.find(viewer.tenantId, personId) : null;
    if (!person) throw Problem.notFound('user');
    refuseMerged(person);
    if (await this.erasures.isErased(viewer.tenantId, personId)) {
      throw Problem.conflict('user_erased', 'This person has been erased: nothing personal is kept.');
    }
    return person;
  }
}
