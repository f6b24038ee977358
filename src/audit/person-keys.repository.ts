import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';

/** The installation's own tenant, in which operators are. */
const installationId = NIL;

/** A roster, mostly: 3 ms to read, among 50,000 people. */
const mostBeside = 1_000;

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

  /** Of those of the same rosters, from these on: who changes one of them is about to change others. */
  listBeside(tenantId: string, personIds: readonly string[]): Promise<Omit<PersonKey, 'isOperator'>[]> {
    return this.database.many<Omit<PersonKey, 'isOperator'>>(
      `-- audit.listKeysBeside
      select k.person_id as "personId", k.key
      from student_progress s
      join student_progress o on o.tenant_id = $1 and o.instructor_id = s.instructor_id and o.is_active
        and o.student_id > s.student_id
      join person_keys k on k.tenant_id = $1 and k.person_id = o.student_id
      where s.tenant_id = $1 and s.student_id = any ($2::uuid[])
      order by o.student_id limit $3`,
      [tenantId, personIds, mostBeside],
    );
  }
}
