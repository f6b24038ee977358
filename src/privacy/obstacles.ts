import { Injectable } from '@nestjs/common';
import { PeopleRepository, type PersonRow } from '../org/people.repository.js';
import { type Obstacle as Code, ErasuresRepository } from './erasures.repository.js';
import { ErasingRepository } from './erasing.repository.js';

export interface Obstacle {
  readonly code: Code;
  readonly detail: string;
}

/** What stands against erasing somebody, when it is asked for and once more when it is due. */
@Injectable()
export class Obstacles {
  constructor(
    private readonly people: PeopleRepository,
    private readonly erasures: ErasuresRepository,
    private readonly erasing: ErasingRepository,
  ) {}

  /** The person and duplicates are locked until the transaction ends. */
  async lock(tenantId: string, personId: string, ids: readonly string[]): Promise<Obstacle | null> {
    await this.erasing.lockProgress(tenantId, ids);
    const locked = await this.people.lock(tenantId, ids, true);
    const person = locked.find(({ id }) => id === personId);
    return person ? this.find(tenantId, person, { ids, locked }) : null;
  }

  private async find(
    tenantId: string,
    person: PersonRow,
    { ids, locked }: { readonly ids: readonly string[]; readonly locked: readonly PersonRow[] },
  ): Promise<Obstacle | null> {
    if (await this.erasures.isHeld(tenantId, ids, true)) {
      return {
        code: 'legal_hold',
        detail: 'A legal hold keeps what there is of this person. It must be lifted first.',
      };
    }
    const admins = locked.filter(({ role, isActive }) => role === 'admin' && isActive);
    if (person.role === 'admin' && admins.every(({ id }) => id === person.id)) {
      return { code: 'admin_last', detail: 'This is the last active administrator. Make somebody else one first.' };
    }
    const students = person.role === 'instructor' ? await this.people.countRoster(tenantId, person.id) : 0;
    if (students > 0) {
      const detail = `${students} active students are on this roster. Reassign them first.`;
      return { code: 'students_assigned', detail };
    }
    return null;
  }
}
