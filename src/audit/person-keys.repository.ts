import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';

/** The installation's own tenant, in which operators are. */
const installationId = NIL;

export interface PersonKey {
  readonly personId: string;
  readonly isOperator: boolean;
  readonly key: Buffer;
}

/** Keys are made with their people by the database; whoever has none is not there, or has been erased. */
@Injectable()
export class PersonKeysRepository {
  constructor(private readonly database: Database) {}

  /** Of those who have one. */
  list(tenantId: string, personIds: readonly string[], operatorIds: readonly string[]): Promise<PersonKey[]> {
    return this.database.many<PersonKey>(
      `-- audit.listPersonKeys
      select person_id as "personId", false as "isOperator", key from person_keys
      where tenant_id = $1 and person_id = any ($2::uuid[])
      union all
      select person_id, true, key from person_keys
      where tenant_id = $3 and person_id = any ($4::uuid[])`,
      [tenantId, personIds, installationId, operatorIds],
    );
  }
}
