import { Injectable } from '@nestjs/common';
import { decrypt } from '../audit/personal-values.js';
import { Database } from '../database/database.js';
import { catalogue } from './catalogue.js';
import type { Section, Told } from './place.js';

export type Row = Readonly<Record<string, unknown>>;

/** A section as it is read, in the order in which a person is told. */
export interface Readable extends Pick<Section, 'name' | 'title' | 'sealed'> {
  /** By the name of the field in the JSON, in plain words. */
  readonly words: Readonly<Record<string, string>>;
  /** The first page, and the pages after it. */
  readonly first: string;
  readonly next: string;
}

export interface ReadRow {
  readonly key: readonly string[];
  readonly row: Row;
}

type StoredRow = Row & {
  readonly '#key': string[];
  readonly '#sealed'?: Buffer | null;
  readonly '#personKey'?: Buffer | null;
};

export interface PersonToTell {
  readonly name: string;
  readonly organisation: string;
  readonly timeZone: string;
  /** The person, and duplicates that were found to be the person. */
  readonly ids: readonly string[];
}

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const wordsOf = (told: Told): string => (typeof told === 'string' ? told : told[1]);
const sqlOf = (name: string, told: Told): string => (typeof told === 'string' ? `t.${name}` : told[0]);

const ownKey = '(select k.key from person_keys k where k.tenant_id = $1 and k.person_id = $2::uuid)';

/** All from the fixed list, whose names are of the schema: a variant of one statement for each section. */
export const sections: readonly Readable[] = catalogue.flatMap(({ table, sections: own = [] }) =>
  own.map(({ name, title, of = [], where, key, sealed, tells }): Readable => {
    const columns = Object.entries(tells).map(([column, told]) => `${sqlOf(column, told)} as "${camelCase(column)}"`);
    if (sealed) columns.push(`t.${sealed} as "#sealed"`, `${ownKey} as "#personKey"`);
    const keys = Object.keys(key).map((column) => `t.${column}`);
    const places = Object.values(key).map((type, index) => `$${index + 4}::text::${type}`);
    const isPersons = where ?? `(${of.map((column) => `t.${column} = $2::uuid`).join(' or ')})`;
    const read = (behind: string): string => `-- privacy.readSection
      select ${columns.join(', ')}, array[${keys.map((one) => `${one}::text`).join(', ')}] as "#key"
      from ${table} t where t.tenant_id = $1 and ${isPersons} ${behind}
      order by ${keys.join(', ')} limit $3`;
    return {
      name,
      title,
      sealed,
      words: Object.fromEntries(Object.entries(tells).map(([column, told]) => [camelCase(column), wordsOf(told)])),
      first: read(''),
      next: read(`and (${keys.join(', ')}) > (${places.join(', ')})`),
    };
  }),
);

@Injectable()
export class SectionsRepository {
  constructor(private readonly database: Database) {}

  /** @returns null where there is no such person */
  async findPerson(tenantId: string, personId: string): Promise<PersonToTell | null> {
    return this.database.maybeOne<PersonToTell>(
      `-- privacy.findPersonToTell
      select u.name, o.name as organisation, coalesce(p.time_zone, o.time_zone) as "timeZone",
        array(
          select d.id::text from users d where d.tenant_id = $1 and (d.id = $2 or d.merged_into_id = $2)
          order by d.id <> $2, d.id
        ) as ids
      from users u
      join tenants o on o.id = $1
      left join preferences p on p.tenant_id = $1 and p.user_id = u.id
      where u.tenant_id = $1 and u.id = $2 and u.erased_at is null`,
      [tenantId, personId],
    );
  }

  /** @param after the key of the last row of the page before */
  async readPage(
    tenantId: string,
    section: Readable,
    personId: string,
    limit: number,
    after: readonly string[] | null,
  ): Promise<ReadRow[]> {
    const parameters = [tenantId, personId, limit, ...(after ?? [])];
    const rows = await this.database.many<StoredRow>(after === null ? section.first : section.next, parameters);
    return rows.map(({ '#key': key, '#sealed': bytes, '#personKey': personKey, ...row }) => {
      const { sealed: column } = section;
      if (!column || !bytes || !personKey) return { key, row };
      return { key, row: { ...row, ...decrypt(personKey, bytes, { tenantId, id: String(row['id']), column }) } };
    });
  }
}
